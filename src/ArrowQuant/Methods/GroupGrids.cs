using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>The grids of all groups of some rows, each fitted once.</summary>
internal sealed class GroupGrids : IDisposable
{
    private readonly GridFit _fit;
    private readonly HessianFactor _hessian;
    private readonly ColumnGrids[] _grids;
    private readonly int _rows;

    /// <summary>Prepares the groups of <paramref name="rows"/> rows.</summary>
    public GroupGrids(GridFit fit, HessianFactor hessian, int rows)
    {
        _fit = fit;
        _hessian = hessian;
        _rows = rows;
        _grids = [.. Enumerable.Range(0, fit.Format.Groups.GroupsPerRow).Select(_ => new ColumnGrids(rows))];
    }

    /// <summary>The grids of one group.</summary>
    public ColumnGrids this[int group] => _grids[group];

    /// <summary>Fits one group on [rows, columns] working weights.</summary>
    public void Fit(int group, ReadOnlySpan<float> working, QuantizedBlock block, int firstRow)
    {
        GroupLayout layout = _fit.Format.Groups;
        int start = group * layout.GroupSize;
        int length = layout.LengthOf(group);
        float[] weights = new float[_rows * length];
        for (int r = 0; r < _rows; r++) working.Slice(r * layout.Columns + start, length).CopyTo(weights.AsSpan(r * length));
        ReadOnlySpan<float> importance = _hessian.ColumnWeights;
        _fit.FitGroup(
            weights, importance.IsEmpty ? importance : importance.Slice(start, length), block, firstRow, group, _grids[group],
            _hessian.RelativeShare);
    }

    /// <summary>Fits every group.</summary>
    public void FitAll(ReadOnlySpan<float> working, QuantizedBlock block, int firstRow)
    {
        for (int group = 0; group < _grids.Length; group++) Fit(group, working, block, firstRow);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ColumnGrids grids in _grids) grids.Dispose();
    }
}
