using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Chooses one grid for a whole layer by the error on a sample of its rows, so that blocks can stream afterwards. Rows are given one piece
/// at a time; the choice does not depend on how they are cut, if whole tiles of a
/// trellis stay together.
/// </summary>
internal sealed class GridChooser
{
    /// <summary>Rows of the sample at most.</summary>
    public const int SampleRows = 512;

    // A third value per group costs bits; it must lower the error by more than this share.
    private const double OffsetAdvantage = 0.03;

    private readonly IReadOnlyList<Grid> _grids;
    private readonly Func<Grid, QuantizedFormat> _formatOf;
    private readonly RowQuantizer[] _quantizers;
    private readonly ErrorSums[] _sums;
    private readonly Recipe _recipe;

    /// <summary>Prepares a choice between grids.</summary>
    public GridChooser(KernelSet kernels, IReadOnlyList<Grid> grids, Func<Grid, QuantizedFormat> formatOf, Recipe recipe)
    {
        _recipe = recipe;
        _grids = grids;
        _formatOf = formatOf;
        _quantizers = [.. grids.Select(grid => QuantizerOf(kernels, formatOf(grid), grid.Search))];
        _sums = new ErrorSums[grids.Count];
    }

    /// <summary>Row <paramref name="index"/> of the sample of a layer: evenly spaced, from the first row on.</summary>
    public static long SampleRow(long rows, int index) => rows <= SampleRows ? index : (long)((Int128)index * rows / SampleRows);

    /// <summary>Rows in the sample of a layer.</summary>
    public static int SampleCount(long rows) => (int)Math.Min(rows, SampleRows);

    /// <summary>Tries every grid on [rows, columns] finite weights of the sample.</summary>
    public void Add(ReadOnlySpan<float> weights, int columns)
    {
        for (int i = 0; i < _grids.Count; i++)
        {
            var block = new QuantizedBlock(_formatOf(_grids[i]), 0, weights.Length / columns);
            _sums[i].Add(_quantizers[i].Quantize(weights, block, 0).Weights);
        }
    }

    /// <summary>
    /// The grid with the least 1 / cosine^2 - 1, the error that is left after the gain; in the recipe <c>best</c> with the least damage
    /// estimate, which also counts what the gain could not take out.
    /// </summary>
    public Grid Choose()
    {
        int best = 0;
        for (int i = 1; i < _grids.Count; i++)
        {
            double allowance = _grids[i].Layout == CodeLayout.Lattice3 ? 1 - OffsetAdvantage : 1;
            if (Damage(i) < Damage(best) * allowance) best = i;
        }

        return _grids[best];
    }

    private static RowQuantizer QuantizerOf(KernelSet kernels, QuantizedFormat format, AffineSearch search) =>
        new(kernels, format, PreparedLayer.CoderOf(kernels, format, search, []));

    private double Damage(int index)
    {
        LayerFigures figures = LayerFigures.From(_sums[index]);
        if (_recipe == Recipe.Best) return figures.DamageEstimate;
        double cosine = figures.Cosine;
        return cosine > 0 ? 1 / (cosine * cosine) - 1 : double.PositiveInfinity;
    }
}
