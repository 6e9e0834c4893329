using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels;

/// <summary>
/// The column step of GPTQ (arXiv 2210.17323, algorithm 1): quantizes a column, and takes its error, scaled by the inverse Hessian's
/// Cholesky factor, out of the columns behind it in the block. Rows lie across the lanes and are independent of each other.
/// </summary>
internal static unsafe class Compensation<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Quantizes block columns [first, end) with one grid per row.</summary>
    /// <param name="block">Working weights in, codes and errors out.</param>
    /// <param name="first">First column.</param>
    /// <param name="end">Behind the last column.</param>
    /// <param name="columns">Columns that the block has; errors reach up to there.</param>
    /// <param name="grids">The grids of the columns' group.</param>
    /// <param name="factor">The upper factor at [block start, block start].</param>
    /// <param name="stride">Columns of the factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ColumnBlock block, int first, int end, int columns, ColumnGrids grids, float* factor, int stride)
    {
        int rows = block.PaddedRows;
        for (int j = first; j < end; j++)
        {
            float* u = factor + (nint)j * stride;
            float* weights = block.Weights + (nint)j * rows;
            float* errors = block.Errors + (nint)j * rows;
            byte* codes = block.Codes + (nint)j * rows;
            T diagonal = T.Of(u[j]);
            if (grids.Trellis is { } table) FollowTrellis(table, weights, grids, block.Rows, rows, codes, errors);
            for (int r = 0; r < rows; r += T.Count)
            {
                T value = T.Load(weights + r);
                T decoded = grids.Trellis is not null ? T.Load(errors + r)
                    : grids.IsLattice ? Lattice(value, grids, r, codes + r) : Affine(value, grids, r, codes + r);
                T.Store((value - decoded) / diagonal, errors + r);
            }

            for (int k = j + 1; k < columns; k++) Subtract(block.Weights + (nint)k * rows, errors, T.Of(-u[k]), rows);
        }
    }

    // The column is one path down its rows, which are those of one tile; the errors receive what it decodes to.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FollowTrellis(
        TrellisTable table, float* weights, ColumnGrids grids, int rows, int paddedRows, byte* codes, float* decoded)
    {
        float* gains = grids.First;
        nuint weighed = grids.IsBalanced ? (nuint)(2 * paddedRows * sizeof(float)) : 0;
        byte* scratch = (byte*)NativeMemory.AlignedAlloc((nuint)TrellisPath<T>.ScratchLength(table, rows) + weighed, 64);
        if (grids.IsBalanced)
        {
            float* x = (float*)scratch;
            float* gain = x + paddedRows;
            for (int r = 0; r < rows; r++) (x[r], gain[r]) = (Finite(weights[r] * grids.Second[r]), Finite(gains[r] * grids.Second[r]));
            TrellisPath<T>.Find(table, x, gain, rows, scratch + weighed, codes);
        }
        else
        {
            TrellisPath<T>.Find(table, weights, gains, rows, scratch, codes);
        }

        NativeMemory.AlignedFree(scratch);
        ReadOnlySpan<float> values = table.Values;
        int state = 0;
        for (int r = 0; r < rows; r++)
        {
            state = (state << 2 | codes[r]) & (table.States - 1);
            decoded[r] = values[state] * gains[r];
        }

        for (int r = rows; r < paddedRows; r++)
        {
            codes[r] = 0;
            decoded[r] = 0f;
        }
    }

    private static float Finite(float value) => Math.Clamp(value, float.MinValue, float.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(float* target, float* errors, T scale, int rows)
    {
        for (int r = 0; r < rows; r += T.Count) T.Store(T.MultiplyAdd(T.Load(errors + r), scale, T.Load(target + r)), target + r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Affine(T value, ColumnGrids grids, int row, byte* code)
    {
        T zeroPoint = T.Load(grids.Second + row);
        T position = T.MultiplyAdd(value * T.Load(grids.Third + row), T.Load(grids.Fourth + row), zeroPoint);
        T q = T.Min(T.Max(T.Round(position), T.Of(0f)), T.Of(grids.LargestCode));
        T.StoreBytes(q, code);
        return (q - zeroPoint) * T.Load(grids.First + row);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Lattice(T value, ColumnGrids grids, int row, byte* code)
    {
        T mu = T.Load(grids.First + row);
        T a1 = T.Load(grids.Second + row);
        T a2 = T.Load(grids.Third + row);
        T above = T.GreaterOrEqual(value, mu);
        T coarse = T.Select(above, mu + a1, mu - a1);
        T fine = T.GreaterOrEqual(value, coarse);
        T zero = T.Of(0f);
        T.StoreBytes(T.Select(above, T.Of(2f), zero) + T.Select(fine, T.Of(1f), zero), code);
        return T.Select(fine, coarse + a2, coarse - a2);
    }
}
