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
    public void Code(ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes)
    {
        fit.FitRows(weights, columnWeights, block, firstRow);
        GroupLayout layout = fit.Format.Groups;
        int rows = weights.Length / layout.Columns;
        for (int r = 0; r < rows; r++)
        {
            for (int g = 0; g < layout.GroupsPerRow; g++)
            {
                int start = r * layout.Columns + g * layout.GroupSize;
                int length = layout.LengthOf(g);
                Encode(weights.Slice(start, length), block, (firstRow + r) * layout.GroupsPerRow + g, codes.Slice(start, length));
            }
        }
    }

    private void Encode(ReadOnlySpan<float> weights, QuantizedBlock block, int group, Span<byte> codes)
    {
        if (fit.Format.Layout == CodeLayout.Affine)
        {
            kernels.EncodeAffine(weights, block.Scales[group], block.ZeroPoints[group], fit.Format.BitWidth, codes);
            return;
        }

        LatticeLevels levels = LatticeLevels.Of(block, group);
        kernels.EncodeLattice(weights, levels.Mu, levels.A1, levels.A2, codes);
    }
}
