using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>The blocks on the diagonal, [n, n] in rows of <see cref="TileScratch.Edge"/> doubles. Upper triangles only.</summary>
internal static unsafe class DiagonalBlock
{
    private const int Stride = TileScratch.Edge;

    // Below this part of its diagonal element a pivot is rounding noise of the floats that it was computed from.
    private const double LeastPivot = 1.0 / (1 << 21);

    /// <summary>Replaces A by the upper triangular R of <c>A = R R^T</c>.</summary>
    /// <param name="a">The block.</param>
    /// <param name="n">Its order.</param>
    /// <param name="original">The elements before anything was subtracted, in rows of <paramref name="originalStride"/>.</param>
    /// <param name="originalStride">Distance of the rows of original.</param>
    /// <returns>False when a pivot is not finite or not above 2^-21 of the original element.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryFactor(double* a, int n, float* original, nint originalStride)
    {
        double* column = stackalloc double[Stride];
        for (int j = n - 1; j >= 0; j--)
        {
            double pivot = a[j * Stride + j];
            if (!double.IsFinite(pivot) || !(pivot > 0) || !(pivot > LeastPivot * original[j * originalStride + j])) return false;
            double root = Math.Sqrt(pivot);
            a[j * Stride + j] = root;
            for (int i = 0; i < j; i++) a[i * Stride + j] = column[i] = a[i * Stride + j] / root;
            for (int i = 0; i < j; i++) SubtractScaled(a + i * Stride, column, column[i], i, j);
        }

        return true;
    }

    /// <summary>The inverse of an upper triangular block, rounded to floats; zero below the diagonal.</summary>
    /// <param name="r">The block.</param>
    /// <param name="n">Its order.</param>
    /// <param name="inverse">[n, n] in rows of <see cref="TileScratch.Edge"/> floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Invert(double* r, int n, float* inverse)
    {
        double* row = stackalloc double[Stride];
        for (int i = 0; i < n; i++)
        {
            new Span<double>(row, n).Clear();
            row[i] = 1;
            for (int k = i; k < n; k++)
            {
                double* source = r + k * Stride;
                double value = row[k] / source[k];
                row[k] = value;
                SubtractScaled(row, source, value, k + 1, n);
            }

            for (int j = 0; j < n; j++) inverse[i * Stride + j] = (float)row[j];
        }
    }

    // Two roundings per element, so that the vectors and the tail agree.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SubtractScaled(double* target, double* source, double factor, int from, int to)
    {
        int i = from;
        for (; i + 4 <= to; i += 4) (Vector256.Load(target + i) - Vector256.Create(factor) * Vector256.Load(source + i)).Store(target + i);
        for (; i < to; i++) target[i] -= factor * source[i];
    }
}
