namespace ArrowQuant.Sources.Onnx;

/// <summary>An attribute of a node, as far as layers need it (AttributeProto in onnx.proto).</summary>
/// <param name="Integer">Its <c>i</c>; 0 when it has none.</param>
/// <param name="Number">Its <c>f</c>; 0 when it has none.</param>
/// <param name="Text">Its <c>s</c>; empty when it has none.</param>
/// <param name="Integers">Its <c>ints</c>.</param>
internal sealed record OnnxAttribute(long Integer, float Number, string Text, IReadOnlyList<long> Integers);
