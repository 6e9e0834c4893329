namespace ArrowQuant.Exports.Onnx;

/// <summary>An initializer of an exported graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">TensorProto.DataType.</param>
/// <param name="Dimensions">Its dimensions.</param>
/// <param name="ByteLength">Bytes of its values.</param>
/// <param name="Values">Makes the little-endian values, in consecutive pieces; the same ones at every call.</param>
internal sealed record NewTensor(
    string Name, int DataType, IReadOnlyList<long> Dimensions, long ByteLength, Func<IEnumerable<ReadOnlyMemory<byte>>> Values)
{
    /// <summary>An initializer whose values are small enough to be held.</summary>
    public static NewTensor Of(string name, int dataType, IReadOnlyList<long> dimensions, byte[] values) =>
        new(name, dataType, dimensions, values.Length, () => [values]);
}
