using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>Every weight takes the nearest code of its group's grid.</summary>
/// <param name="kernels">The kernels.</param>
/// <param name="fit">Fits the grids.</param>
/// <param name="columnWeights">Importance of every column, or empty.</param>
internal sealed class PlainCoder(KernelSet kernels, GridFit fit, float[] columnWeights) : IRowCoder
{
    /// <inheritdoc/>
    public KnownSums Code(ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes, Span<ErrorSums> errors)
    {
        fit.FitRows(weights, columnWeights, block, firstRow);
        GroupLayout layout = fit.Format.Groups;
        bool isAffine = fit.Format.Layout == CodeLayout.Affine;
        KnownSums known = isAffine ? KnownSums.All : KnownSums.None;
        for (int r = 0; r < weights.Length / layout.Columns; r++)
        {
            Range row = (r * layout.Columns)..((r + 1) * layout.Columns);
            int firstGroup = (firstRow + r) * layout.GroupsPerRow;
            if (!isAffine) EncodeLattice(weights[row], block, firstGroup, codes[row]);
            else if (!EncodeAffine(weights[row], block, firstGroup, codes[row], out errors[r])) known = KnownSums.Gain;
        }

        return known;
    }

    private bool EncodeAffine(ReadOnlySpan<float> row, QuantizedBlock block, int firstGroup, Span<byte> codes, out ErrorSums errors)
    {
        errors = default;
        int groups = fit.Format.Groups.GroupsPerRow;
        return kernels.EncodeAffineRow(
            row, fit.Format.Groups.GroupSize, block.Scales.AsSpan(firstGroup, groups), block.ZeroPoints.AsSpan(firstGroup, groups),
            fit.Format.BitWidth, codes, ref errors);
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
