using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Onnx;

/// <summary>A constant of the graph (an initializer, TensorProto in onnx.proto).</summary>
internal sealed record OnnxTensor
{
    /// <summary>Its name in the graph.</summary>
    public required string Name { get; init; }

    /// <summary>Its dimensions.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>TensorProto.DataType.</summary>
    public required int DataType { get; init; }

    /// <summary>The element type; null for types that no model file of ours can hold.</summary>
    public ElementType? ElementType => OnnxTypes.Of(DataType);

    /// <summary>Little-endian values inside the file; null when they lie elsewhere or as separate numbers.</summary>
    public WireSpan? Raw { get; init; }

    /// <summary>The entries of <c>external_data</c>; null when the values are in the file.</summary>
    public IReadOnlyDictionary<string, string>? External { get; init; }

    /// <summary>Fields with separate numbers (<c>float_data</c>, <c>int32_data</c>, ...).</summary>
    public required IReadOnlyList<WireField> Numbers { get; init; }

    /// <summary>Where the initializer is stored, with its tag.</summary>
    public required WireSpan Whole { get; init; }
}
