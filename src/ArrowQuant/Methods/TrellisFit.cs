using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Methods;

/// <summary>
/// The gains of a trellis, one per group: the root mean square of the group in units of the table first, then least squares over the codes
/// that were found with it, at storage precision.
/// </summary>
/// <param name="kernels">The kernels.</param>
/// <param name="table">The trellis.</param>
internal sealed class TrellisFit(KernelSet kernels, TrellisTable table)
{
    private byte[] _values = [];

    /// <summary>Fits the gains [rows, groups per row] of some rows, the first of which begins a tile.</summary>
    /// <param name="rows">The weights, all finite.</param>
    /// <param name="gains">Receives the gains.</param>
    public void Fit(GroupRows rows, Span<float> gains)
    {
        for (int row = 0; row < rows.Rows; row++)
        {
            for (int g = 0; g < rows.GroupsPerRow; g++)
            {
                ReadOnlySpan<float> group = GroupOf(rows, row, g);
                ErrorSums sums = default;
                kernels.AddErrors(group, group, ref sums);
                gains[row * rows.GroupsPerRow + g] = Stored(Math.Sqrt(sums.Original / group.Length) * table.Unit);
            }
        }

        byte[] codes = new byte[rows.Values.Length];
        kernels.EncodeTrellis(table, rows, gains, codes);
        Refine(rows, codes, gains);
    }

    /// <summary>
    /// Replaces gains by those with the least squared error for given codes. A group that its codes do not point along keeps its gain.
    /// </summary>
    /// <param name="rows">The weights.</param>
    /// <param name="codes">[rows, columns] codes.</param>
    /// <param name="gains">[rows, groups per row], fitted ones in and out.</param>
    public void Refine(GroupRows rows, ReadOnlySpan<byte> codes, Span<float> gains)
    {
        if (_values.Length != rows.Columns) _values = new byte[rows.Columns];
        byte[] states = new byte[rows.Columns];
        for (int row = 0; row < rows.Rows; row++)
        {
            if (row % TrellisTable.TileRows == 0) states.AsSpan().Clear();
            codes.Slice(row * rows.Columns, rows.Columns).CopyTo(_values);
            kernels.StepTrellis(table, states, _values);
            for (int g = 0; g < rows.GroupsPerRow; g++)
            {
                ReadOnlySpan<float> group = GroupOf(rows, row, g);
                ErrorSums sums = default;
                kernels.AddDecodedErrors(
                    group, _values.AsSpan(g * rows.GroupSize, group.Length), group.Length, [1f], [TrellisTable.Bias], ref sums);
                if (sums.Product > 0) gains[row * rows.GroupsPerRow + g] = Stored(sums.Product / sums.Decoded);
            }
        }
    }

    private static ReadOnlySpan<float> GroupOf(GroupRows rows, int row, int group)
    {
        int start = group * rows.GroupSize;
        return rows.Values.Slice(row * rows.Columns + start, Math.Min(rows.GroupSize, rows.Columns - start));
    }

    private static float Stored(double gain) => FloatStorage.RoundGain((float)Math.Min(gain, float.MaxValue));
}
