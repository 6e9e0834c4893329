using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Runtime;

/// <summary>
/// Quantized layers, multiplied as they are packed. What decoding would do to the values of codes is done to the activations: they
/// are multiplied with the equalization scales of their channels, then rotated as the rows of the weights were, for a rotation keeps inner
/// products.
/// </summary>
internal sealed class PackedDecoder(StoredLayer layer, QuantizedFormat format, ArtefactReader reader, KernelSet kernels)
    : LayerDecoder(layer)
{
    /// <inheritdoc/>
    public override int OrderBits => format.Trellis is null ? format.BitWidth : TrellisTable.ValueBits;

    /// <inheritdoc/>
    public override LayerBlock Load(int index) => new(Layer.Blocks[index], reader.ReadBlock(Layer, index), null);

    /// <inheritdoc/>
    public override void Decode(LayerBlock block, int firstRow, int count, Span<float> weights) =>
        BlockDecoder.Decode(kernels, block.Packed, firstRow, count, weights);

    /// <inheritdoc/>
    public override void Prepare(ReadOnlySpan<float> activations, Span<float> ordered)
    {
        if (!format.IsTransformed)
        {
            base.Prepare(activations, ordered);
            return;
        }

        float[] changed = activations.ToArray();
        if (format.EqualizationScales is { } scales)
        {
            int perChannel = changed.Length / scales.Length;
            for (int c = 0; c < changed.Length; c++) changed[c] *= scales[c / perChannel];
        }

        format.Rotation?.Rotate(kernels, changed);
        base.Prepare(changed, ordered);
    }

    /// <inheritdoc/>
    public override void Multiply(
        LayerBlock block, int firstRow, int rows, ReadOnlySpan<float> ordered, int count, Span<float> products, int stride)
    {
        QuantizedBlock packed = block.Packed;
        int rowBytes = format.Groups.RowBytes(format.BitWidth);
        int groups = format.Groups.GroupsPerRow;
        int above = format.Trellis?.RowsAbove(firstRow) ?? 0;
        ReadOnlySpan<float> Of(float[] values, int perGroup) =>
            perGroup == 0 ? default : values.AsSpan(firstRow * groups * perGroup, rows * groups * perGroup);
        PackedRows matrix = new()
        {
            Rows = rows,
            Columns = Columns,
            Bits = format.BitWidth,
            GroupSize = format.Groups.GroupSize,
            Codes = packed.Codes.AsSpan((firstRow - above) * rowBytes, (above + rows) * rowBytes),
            Scales = Of(packed.Scales, format.ScalesPerGroup),
            ZeroPoints = Of(packed.ZeroPoints, format.ZeroPointsPerGroup),
            Levels = Of(packed.Levels, format.LevelsPerGroup),
            LevelsPerGroup = format.LevelsPerGroup,
            Trellis = format.Trellis,
            FirstRow = firstRow,
        };
        kernels.Products.Multiply(matrix, ordered, count, products, stride);
    }
}
