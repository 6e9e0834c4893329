using System.Buffers;
using ArrowQuant.Kernels;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Runtime;

/// <summary>
/// Layers whose rows are decoded before they are multiplied, a few at a time: groups of a size that is never written.
/// </summary>
internal class UnpackedDecoder(StoredLayer layer, ArtefactReader reader, KernelSet kernels) : LayerDecoder(layer)
{
    private const int RowsAtOnce = 32;

    /// <inheritdoc/>
    public sealed override int OrderBits => 32;

    /// <summary>The kernels.</summary>
    protected KernelSet Kernels { get; } = kernels;

    /// <summary>The artefact.</summary>
    protected ArtefactReader Reader { get; } = reader;

    /// <inheritdoc/>
    public override LayerBlock Load(int index) => new(Layer.Blocks[index], Reader.ReadBlock(Layer, index), null);

    /// <inheritdoc/>
    public override void Decode(LayerBlock block, int firstRow, int count, Span<float> weights) =>
        BlockDecoder.Decode(Kernels, block.Packed, firstRow, count, weights);

    /// <inheritdoc/>
    public override void Multiply(
        LayerBlock block, int firstRow, int rows, ReadOnlySpan<float> ordered, int count, Span<float> products, int stride)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(checked(Math.Min(rows, RowsAtOnce) * Columns));
        for (int done = 0; done < rows; done += RowsAtOnce)
        {
            int now = Math.Min(RowsAtOnce, rows - done);
            Span<float> weights = rented.AsSpan(0, now * Columns);
            Decode(block, firstRow + done, now, weights);
            Kernels.Products.Multiply(weights, Columns, ordered, count, products[done..], stride);
        }

        ArrayPool<float>.Shared.Return(rented);
    }
}

/// <summary>Kept tensors: the values as they were, converted to single precision.</summary>
internal sealed class KeptDecoder(StoredLayer layer, ArtefactReader reader, KernelSet kernels) : UnpackedDecoder(layer, reader, kernels)
{
    /// <inheritdoc/>
    public override LayerBlock Load(int index) => new(Layer.Blocks[index], null, Reader.ReadKept(Layer, index));

    /// <inheritdoc/>
    public override void Decode(LayerBlock block, int firstRow, int count, Span<float> weights)
    {
        if (!Layer.SourceType.IsWeight())
            throw new ArgumentException($"{Layer.FullName} holds {Layer.SourceType.Name()} values, not weights", nameof(block));
        long rowBytes = Layer.SourceType.ByteLength(Columns)
            ?? throw new ArgumentException($"{Layer.FullName}: rows of {Columns} {Layer.SourceType.Name()} values share bytes", nameof(block));
        ReadOnlySpan<byte> values = block.Raw.AsSpan(checked((int)(firstRow * rowBytes)), checked((int)(count * rowBytes)));
        Kernels.ToSingle(ElementTypeFormats.FormatOf(Layer.SourceType), values, weights);
    }
}
