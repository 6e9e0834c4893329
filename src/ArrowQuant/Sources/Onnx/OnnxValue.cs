namespace ArrowQuant.Sources.Onnx;

/// <summary>An input or output of a graph (ValueInfoProto in onnx.proto).</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">TensorProto.DataType; 0 when it is no tensor or not told.</param>
/// <param name="Dimensions">Its dimensions, null for one that is not fixed; null when the rank is not told.</param>
/// <param name="Whole">Where it is stored, with its tag.</param>
internal sealed record OnnxValue(string Name, int DataType, IReadOnlyList<long?>? Dimensions, WireSpan Whole);
