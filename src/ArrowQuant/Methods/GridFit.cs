using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>Fits grids of the kind that a format asks for into the group values of a block.</summary>
internal sealed class GridFit(KernelSet kernels, QuantizedFormat format, AffineSearch search)
{
    /// <summary>How the codes are to be read.</summary>
    public QuantizedFormat Format => format;

    /// <summary>
    /// Fits the affine grids or lattices of all groups of [rows, columns] weights that begin at <paramref name="firstRow"/> of the block.
    /// </summary>
    /// <param name="weights">The weights.</param>
    /// <param name="columnWeights">Importance of every column, or empty.</param>
    /// <param name="block">Receives the grids.</param>
    /// <param name="firstRow">The first row in the block.</param>
    public void FitRows(ReadOnlySpan<float> weights, ReadOnlySpan<float> columnWeights, QuantizedBlock block, int firstRow)
    {
        GroupLayout layout = format.Groups;
        int first = firstRow * layout.GroupsPerRow;
        int groups = weights.Length / layout.Columns * layout.GroupsPerRow;
        var rows = new GroupRows(weights, layout.Columns, layout.GroupSize, columnWeights);
        if (format.Layout == CodeLayout.Affine)
            kernels.FitAffine(rows, format.BitWidth, search, block.Scales.AsSpan(first, groups), block.ZeroPoints.AsSpan(first, groups));
        else
            kernels.FitLattice(rows, WithOffset, block.Levels.AsSpan(first * format.LevelsPerGroup, groups * format.LevelsPerGroup));
    }

    /// <summary>
    /// The scales that <see cref="AffineSearch.MinMax"/> gives the rows that <see cref="FitRows"/> has just fitted an affine grid to: those
    /// of the block itself where that is the search.
    /// </summary>
    /// <param name="weights">[rows, columns] weights.</param>
    /// <param name="block">Has the fitted grids.</param>
    /// <param name="firstRow">The first row in the block.</param>
    /// <param name="buffer">Memory for scales of another search; grows as needed.</param>
    /// <returns>[rows, groups per row].</returns>
    public ReadOnlySpan<float> ReferencesOf(ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, ref float[] buffer)
    {
        GroupLayout layout = format.Groups;
        int groups = weights.Length / layout.Columns * layout.GroupsPerRow;
        if (search == AffineSearch.MinMax) return block.Scales.AsSpan(firstRow * layout.GroupsPerRow, groups);
        if (buffer.Length < 2 * groups) buffer = new float[2 * groups];
        Span<float> scales = buffer.AsSpan(0, groups);
        kernels.FitAffine(
            new GroupRows(weights, layout.Columns, layout.GroupSize), format.BitWidth, AffineSearch.MinMax, scales,
            buffer.AsSpan(groups, groups));
        return scales;
    }

    /// <summary>Fits one group of [rows, length] weights and prepares it for the column kernel as well.</summary>
    /// <param name="weights">The weights of the group, row after row.</param>
    /// <param name="columnWeights">Importance of the group's columns, or empty.</param>
    /// <param name="block">Receives the grids.</param>
    /// <param name="firstRow">The first row in the block.</param>
    /// <param name="group">The group in its row.</param>
    /// <param name="grids">Receives the grids for the column kernel.</param>
    /// <param name="relativeShare">How much errors of a trellis count relative to their row (<see cref="ColumnGrids.SetTrellis"/>).</param>
    public void FitGroup(
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> columnWeights,
        QuantizedBlock block,
        int firstRow,
        int group,
        ColumnGrids grids,
        double relativeShare = 0)
    {
        int length = format.Groups.LengthOf(group);
        int rows = weights.Length / length;
        var groupRows = new GroupRows(weights, length, length, columnWeights);
        int perRow = format.Groups.GroupsPerRow;
        if (format.Layout == CodeLayout.Affine)
        {
            float[] scales = new float[rows];
            float[] zeroPoints = new float[rows];
            kernels.FitAffine(groupRows, format.BitWidth, search, scales, zeroPoints);
            for (int r = 0; r < rows; r++)
            {
                block.Scales[(firstRow + r) * perRow + group] = scales[r];
                block.ZeroPoints[(firstRow + r) * perRow + group] = zeroPoints[r];
            }

            grids.SetAffine(scales, zeroPoints, format.BitWidth);
            return;
        }

        if (format.Trellis is { } table)
        {
            float[] gains = new float[rows];
            new TrellisFit(kernels, table).Fit(groupRows, gains);
            for (int r = 0; r < rows; r++) block.Scales[(firstRow + r) * perRow + group] = gains[r];
            grids.SetTrellis(gains, table, relativeShare);
            return;
        }

        int perGroup = format.LevelsPerGroup;
        float[] levels = new float[rows * perGroup];
        kernels.FitLattice(groupRows, WithOffset, levels);
        for (int r = 0; r < rows; r++)
            levels.AsSpan(r * perGroup, perGroup).CopyTo(block.Levels.AsSpan(((firstRow + r) * perRow + group) * perGroup));
        grids.SetLattice(levels, WithOffset);
    }

    private bool WithOffset => format.Layout == CodeLayout.Lattice3;
}
