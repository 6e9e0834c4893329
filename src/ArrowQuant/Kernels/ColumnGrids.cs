using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels;

/// <summary>
/// The grids of one group of columns for many rows, ready for the column kernel: one value per row, padded to a multiple of 16 rows.
/// Padding rows have scale 0 and code 0.
/// </summary>
internal sealed unsafe class ColumnGrids : IDisposable
{
    private const int Arrays = 4;
    private const double LargestWeight = 1e4;

    private readonly float* _values;

    /// <summary>Allocates grids for <paramref name="rows"/> rows; all of them zero.</summary>
    public ColumnGrids(int rows)
    {
        PaddedRows = Pad(rows);
        _values = (float*)NativeMemory.AlignedAlloc((nuint)(Arrays * PaddedRows * sizeof(float)), 64);
        new Span<float>(_values, Arrays * PaddedRows).Clear();
    }

    /// <summary>Rows, padding included.</summary>
    public int PaddedRows { get; }

    /// <summary>Whether the grids are lattices.</summary>
    public bool IsLattice { get; private set; }

    /// <summary>The trellis of the grids, or null for others.</summary>
    public TrellisTable? Trellis { get; private set; }

    /// <summary>Largest code of affine grids.</summary>
    public int LargestCode { get; private set; }

    /// <summary>Whether rows of a trellis weigh by <see cref="Second"/>.</summary>
    public bool IsBalanced { get; private set; }

    /// <summary>Affine: scale. Lattice: mu. Trellis: gain.</summary>
    internal float* First => _values;

    /// <summary>Affine: zero point. Lattice: a1. Trellis: the root of a row's weight in the sum of squared errors.</summary>
    internal float* Second => _values + PaddedRows;

    /// <summary>Affine: the power of two that brings the scale near 1. Lattice: a2.</summary>
    internal float* Third => _values + 2 * PaddedRows;

    /// <summary>Affine: the inverse of the scale in those units, 0 for scale 0.</summary>
    internal float* Fourth => _values + 3 * PaddedRows;

    /// <summary>Rows rounded up to whole vectors of every width.</summary>
    public static int Pad(int rows) => (rows + 15) & ~15;

    /// <summary>Sets affine grids, one scale and zero point per row.</summary>
    public void SetAffine(ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int bits)
    {
        IsLattice = false;
        LargestCode = (1 << bits) - 1;
        for (int r = 0; r < scales.Length; r++)
        {
            // A group of zeros stays zero, whatever errors are passed on to it.
            float factor = scales[r] == 0 ? 1f : FloatStorage.NormalizingFactor(scales[r]);
            First[r] = scales[r];
            Second[r] = zeroPoints[r];
            Third[r] = factor;
            Fourth[r] = scales[r] == 0 ? 0f : 1f / (scales[r] * factor);
        }
    }

    /// <summary>Sets lattices, [rows, 2] a1, a2 or [rows, 3] mu, a1, a2.</summary>
    public void SetLattice(ReadOnlySpan<float> levels, bool withOffset)
    {
        IsLattice = true;
        int perRow = withOffset ? 3 : 2;
        for (int r = 0; r < levels.Length / perRow; r++)
        {
            First[r] = withOffset ? levels[3 * r] : 0f;
            Second[r] = levels[perRow * r + perRow - 2];
            Third[r] = levels[perRow * r + perRow - 1];
        }
    }

    /// <summary>
    /// Sets the gains of a trellis, one per row. Squared errors of a row weigh <c>1 + relativeShare mean(gain^2) / gain^2</c>: the larger
    /// the share, the more errors count relative to their row, so that a path down rows of different size does not give up the small ones.
    /// </summary>
    public void SetTrellis(ReadOnlySpan<float> gains, TrellisTable table, double relativeShare)
    {
        Trellis = table;
        IsBalanced = relativeShare > 0;
        gains.CopyTo(new Span<float>(First, gains.Length));
        if (!IsBalanced) return;
        double mean = 0;
        foreach (float gain in gains) mean += (double)gain * gain / gains.Length;
        for (int r = 0; r < gains.Length; r++)
        {
            double weight = gains[r] > 0 ? 1 + relativeShare * mean / ((double)gains[r] * gains[r]) : 1;
            Second[r] = (float)Math.Sqrt(Math.Min(weight, LargestWeight) / (1 + relativeShare));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_values);
}
