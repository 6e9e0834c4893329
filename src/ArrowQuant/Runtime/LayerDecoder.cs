using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Runtime;

/// <summary>
/// How the stored blocks of one layer become weights and products. <see cref="For"/> is the one place where that is chosen; a layout that
/// is not there is an error that names it; a transform that is unknown was refused when the file was opened.
/// </summary>
internal abstract class LayerDecoder(StoredLayer layer)
{
    /// <summary>The layer.</summary>
    public StoredLayer Layer { get; } = layer;

    /// <summary>Weights in a row.</summary>
    public int Columns { get; } = checked((int)layer.View.Columns);

    /// <summary>Bits of the order in which products want activations (<see cref="PackedOrder"/>).</summary>
    public abstract int OrderBits { get; }

    /// <summary>The decoder of a layer.</summary>
    /// <exception cref="Errors.ModelFormatException">Its layout is unknown here.</exception>
    public static LayerDecoder For(StoredLayer layer, ArtefactReader reader, KernelSet kernels)
    {
        if (layer.Header.Format is not { } format) return new KeptDecoder(layer, reader, kernels);
        bool isPacked = PackedRows.AreSupported(format.Groups.Columns, format.Groups.GroupSize);
        return format.Layout switch
        {
            CodeLayout.Affine or CodeLayout.Lattice2 or CodeLayout.Lattice3 or CodeLayout.Trellis4 or CodeLayout.Trellis6 =>
                isPacked ? new PackedDecoder(layer, format, reader, kernels) : new UnpackedDecoder(layer, reader, kernels),
            _ => throw Failures.Format(layer.FilePath, layer.FullName, $"layout {format.Layout} cannot be decoded by this version"),
        };
    }

    /// <summary>Reads one stored block.</summary>
    /// <exception cref="Errors.ModelFormatException">It is damaged.</exception>
    public abstract LayerBlock Load(int index);

    /// <summary>Decodes rows of a block, counted from its own first, into [count, columns].</summary>
    public abstract void Decode(LayerBlock block, int firstRow, int count, Span<float> weights);

    /// <summary>
    /// Makes of one row of activations what <see cref="Multiply"/> takes: in the order of the codes, and changed as the codes' values would
    /// have to be to become weights.
    /// </summary>
    /// <param name="activations">[columns].</param>
    /// <param name="ordered">Receives <see cref="PackedOrder.PaddedLength"/> values.</param>
    public virtual void Prepare(ReadOnlySpan<float> activations, Span<float> ordered) =>
        PackedOrder.Arrange(activations, OrderBits, ordered);

    /// <summary>Multiplies rows of a block, counted from its own first, with prepared activations.</summary>
    /// <param name="block">The block.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">How many.</param>
    /// <param name="ordered">[count, padded length].</param>
    /// <param name="count">Rows of activations.</param>
    /// <param name="products">The product of row r and activations a goes to <c>a * stride + r</c>.</param>
    /// <param name="stride">Distance of the products of two rows of activations.</param>
    public abstract void Multiply(
        LayerBlock block, int firstRow, int rows, ReadOnlySpan<float> ordered, int count, Span<float> products, int stride);
}

/// <summary>A stored block in memory: packed codes with their grids, or the raw values of a kept tensor.</summary>
/// <param name="Stored">Where it stands in its layer.</param>
/// <param name="Codes">Packed codes, or null.</param>
/// <param name="Values">Raw little-endian values, or null.</param>
internal sealed record LayerBlock(StoredBlock Stored, QuantizedBlock? Codes, byte[]? Values)
{
    /// <summary>The codes of a quantized layer.</summary>
    public QuantizedBlock Packed => Codes ?? throw new InvalidOperationException("a kept tensor has no codes");

    /// <summary>The values of a kept tensor.</summary>
    public byte[] Raw => Values ?? throw new InvalidOperationException("a quantized layer has no raw values");

    /// <summary>Bytes that it holds.</summary>
    public long Bytes => Values?.LongLength
        ?? Packed.Codes.LongLength + sizeof(float) * ((long)Packed.Scales.Length + Packed.ZeroPoints.Length + Packed.Levels.Length);
}
