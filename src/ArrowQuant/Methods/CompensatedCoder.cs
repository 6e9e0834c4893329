using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// GPTQ (arXiv 2210.17323): columns are coded one after the other, and the error of each is taken out of the columns that follow, as far as
/// the Hessian of the layer's inputs lets them make up for it. Rows are independent, so any rows can be coded together. Grids are fitted
/// when the first column of their group is reached, on the weights as they are then; with act-order, on the original weights before the
/// first column (static groups), so that storage stays in column order.
/// </summary>
internal sealed class CompensatedCoder(KernelSet kernels, GridFit fit, HessianFactor hessian) : IRowCoder
{
    /// <summary>Rows that are coded together; a constant, though no result depends on it, but for a trellis.</summary>
    public const int RowsTogether = 64;

    private readonly GroupLayout _layout = fit.Format.Groups;
    private readonly int _rowsTogether = RowsTogetherOf(fit.Format);

    /// <summary>Rows that are coded together with a format: a tile of a trellis, whose paths go down its rows.</summary>
    public static int RowsTogetherOf(QuantizedFormat format) => format.Trellis is null ? RowsTogether : TrellisTable.TileRows;

    /// <inheritdoc/>
    public CodedSums? Code(
        ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes, ReadOnlySpan<byte> ahead = default)
    {
        int rows = weights.Length / _layout.Columns;
        for (int r = 0; r < rows; r += _rowsTogether)
        {
            int count = Math.Min(_rowsTogether, rows - r);
            Range part = (r * _layout.Columns)..((r + count) * _layout.Columns);
            CodeRows(weights[part].ToArray(), block, firstRow + r, codes[part]);
        }

        return null;
    }

    private void CodeRows(float[] working, QuantizedBlock block, int firstRow, Span<byte> codes)
    {
        int rows = working.Length / _layout.Columns;
        using var columns = new ColumnBlock(rows);
        using var grids = new GroupGrids(fit, hessian, rows);
        if (hessian.IsActOrder) grids.FitAll(working, block, firstRow);
        foreach (HessianSegment segment in hessian.Segments)
        {
            for (int first = 0; first < segment.Length; first += ColumnBlock.Columns)
            {
                int count = Math.Min(ColumnBlock.Columns, segment.Length - first);
                ReadOnlySpan<int> order = segment.Order.AsSpan(first, count);
                columns.Load(working, _layout.Columns, order);
                CodeBlock(columns, grids, segment, first, order, working, block, firstRow);
                columns.CopyCodes(codes, _layout.Columns, order);
                PassOn(columns, segment, first, count, working, rows);
            }
        }
    }

    private void CodeBlock(
        ColumnBlock columns,
        GroupGrids grids,
        HessianSegment segment,
        int first,
        ReadOnlySpan<int> order,
        float[] working,
        QuantizedBlock block,
        int firstRow)
    {
        for (int i = 0; i < order.Length;)
        {
            int group = order[i] / _layout.GroupSize;
            int end = i + 1;
            while (end < order.Length && order[end] / _layout.GroupSize == group) end++;
            if (!hessian.IsActOrder && order[i] % _layout.GroupSize == 0)
            {
                // The group's columns inside the block hold what the columns before them passed on; those behind it do not differ yet.
                columns.CopyWeights(i, end - i, working, _layout.Columns, order[i]);
                grids.Fit(group, working, block, firstRow);
            }

            kernels.Compensate(columns, i, end, order.Length, grids[group], segment.Factor, segment.Length, first);
            i = end;
        }
    }

    // Errors of the whole block reach the columns behind it in one product.
    private void PassOn(ColumnBlock columns, HessianSegment segment, int first, int count, float[] working, int rows)
    {
        int behind = first + count;
        int rest = segment.Length - behind;
        if (rest == 0) return;
        float[] errors = new float[rows * count];
        columns.CopyErrors(count, errors);
        ReadOnlySpan<float> factor = segment.Factor.AsSpan(first * segment.Length + behind);
        if (!hessian.IsActOrder)
        {
            Span<float> target = working.AsSpan(segment.Start + behind);
            kernels.Algebra.SubtractProduct(target, _layout.Columns, errors, factor, segment.Length, rows, rest, count);
            return;
        }

        float[] permuted = new float[rows * rest];
        ReadOnlySpan<int> order = segment.Order.AsSpan(behind);
        Gather(working, order, permuted, rows);
        kernels.Algebra.SubtractProduct(permuted, rest, errors, factor, segment.Length, rows, rest, count);
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < rest; c++) working[r * _layout.Columns + order[c]] = permuted[r * rest + c];
        }
    }

    private void Gather(float[] working, ReadOnlySpan<int> order, float[] target, int rows)
    {
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < order.Length; c++) target[r * order.Length + c] = working[r * _layout.Columns + order[c]];
        }
    }
}
