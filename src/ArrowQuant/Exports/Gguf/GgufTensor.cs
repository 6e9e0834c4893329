using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Gguf;

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Dimensions">Its dimensions, innermost first: the reverse of the source's shape. One at least.</param>
/// <param name="Type">How its values are encoded.</param>
/// <param name="Offset">Its first byte, counted from the start of the data.</param>
internal sealed record GgufTensor(string Name, IReadOnlyList<long> Dimensions, GgmlType Type, long Offset)
{
    /// <summary>The most dimensions that ggml has.</summary>
    public const int MostDimensions = 4;

    /// <summary>Values in one row.</summary>
    public int RowLength => checked((int)Dimensions[0]);

    /// <summary>Values in the tensor.</summary>
    public long Count => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Bytes of its data.</summary>
    public long Bytes => Type.Bytes(Count);

    /// <summary>
    /// The dimensions that a stored tensor gets: those of its shape, or those of its matrix when <paramref name="asMatrix"/> is true.
    /// </summary>
    public static IReadOnlyList<long> DimensionsOf(StoredLayer layer, bool asMatrix)
    {
        IEnumerable<long> shape = layer.Shape.Dimensions;
        if (asMatrix) shape = [layer.Shape.Dimensions[0], layer.Shape.ElementCount / layer.Shape.Dimensions[0]];
        return layer.Shape.Rank == 0 ? [1] : [.. shape.Reverse()];
    }
}
