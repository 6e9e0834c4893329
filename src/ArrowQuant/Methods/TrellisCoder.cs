using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Every column of a tile takes the codes of its best path through the trellis. The first of the rows that are coded at once begins a tile.
/// </summary>
/// <param name="kernels">The kernels.</param>
/// <param name="table">The trellis.</param>
/// <param name="layout">The groups.</param>
internal sealed class TrellisCoder(KernelSet kernels, TrellisTable table, GroupLayout layout) : IRowCoder
{
    private readonly TrellisFit _fit = new(kernels, table);

    /// <inheritdoc/>
    public CodedSums? Code(
        ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow, Span<byte> codes, ReadOnlySpan<byte> ahead = default)
    {
        var rows = new GroupRows(weights, layout.Columns, layout.GroupSize);
        Span<float> gains = block.Scales.AsSpan(firstRow * layout.GroupsPerRow, rows.Rows * layout.GroupsPerRow);
        _fit.Fit(rows, gains);
        kernels.EncodeTrellis(table, rows, gains, codes);
        _fit.Refine(rows, codes, gains);
        return null;
    }
}
