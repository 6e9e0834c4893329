using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>Every weight takes the nearest code of its group's grid.</summary>
/// <param name="kernels">The kernels.</param>
/// <param name="fit">Fits the grids.</param>
/// <param name="columnWeights">Importance of every column, or empty.</param>
internal sealed class PlainCoder(KernelSet kernels, GridFit fit, float[] columnWeights) : IRowCoder
{
    private float[] _references = [];
    private CodedSums? _sums;

    /// <inheritdoc/>
    public CodedSums? Code(
        ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes, ReadOnlySpan<byte> ahead = default)
    {
        fit.FitRows(weights, columnWeights, block, firstRow);
        if (fit.Format.Layout == CodeLayout.Affine) return CodeAffine(weights, block, firstRow, codes, ahead);
        GroupLayout layout = fit.Format.Groups;
        for (int r = 0; r < weights.Length / layout.Columns; r++)
        {
            Range row = (r * layout.Columns)..((r + 1) * layout.Columns);
            EncodeLattice(weights[row], block, (firstRow + r) * layout.GroupsPerRow, codes[row]);
        }

        return null;
    }

    private CodedSums CodeAffine(
        ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes, ReadOnlySpan<byte> ahead)
    {
        GroupLayout layout = fit.Format.Groups;
        int rows = weights.Length / layout.Columns;
        int groups = layout.GroupsPerRow;
        if (_sums is null || _sums.Rows < rows) _sums = new CodedSums(rows, layout.Columns, layout.GroupSize);
        ReadOnlySpan<float> references = fit.ReferencesOf(weights, block, firstRow, ref _references);
        for (int r = 0; r < rows; r++)
        {
            Range row = (r * layout.Columns)..((r + 1) * layout.Columns);
            int first = (firstRow + r) * groups;
            kernels.CodeAffineRow(
                weights[row], layout.GroupSize, references.Slice(r * groups, groups), block.Scales.AsSpan(first, groups),
                block.ZeroPoints.AsSpan(first, groups), fit.Format.BitWidth, codes[row], _sums, r,
                ahead[(int)((long)r * ahead.Length / rows)..(int)((r + 1L) * ahead.Length / rows)]);
        }

        return _sums;
    }

    private void EncodeLattice(ReadOnlySpan<float> row, QuantizedBlock block, int firstGroup, Span<byte> codes)
    {
        GroupLayout layout = fit.Format.Groups;
        for (int g = 0; g < layout.GroupsPerRow; g++)
        {
            int start = g * layout.GroupSize;
            int length = layout.LengthOf(g);
            LatticeLevels levels = LatticeLevels.Of(block, firstGroup + g);
            kernels.EncodeLattice(row.Slice(start, length), levels.Mu, levels.A1, levels.A2, codes.Slice(start, length));
        }
    }
}
