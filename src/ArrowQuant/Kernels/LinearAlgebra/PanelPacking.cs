using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>
/// Rearranges a panel of an operand into strips of <c>width</c> output indices, term by term, so that the inner loop reads memory in
/// order. A last, partial strip is filled up with zeros.
/// </summary>
internal static unsafe class PanelPacking<T>
    where T : unmanaged, ILanes<T>
{
    /// <param name="source">The operand.</param>
    /// <param name="first">First output index.</param>
    /// <param name="count">Output indices.</param>
    /// <param name="term">First term.</param>
    /// <param name="depth">Terms.</param>
    /// <param name="width">Output indices of a strip.</param>
    /// <param name="target">[strips, depth, width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(in Operand source, int first, int count, int term, int depth, int width, float* target)
    {
        // A few terms of all strips at a time: the rows that are read and the lines that are written then fit the first-level cache, even
        // where their distance is a power of two.
        const int Terms = 16;
        int partial = count % width;
        if (partial > 0) new Span<float>(target + (nint)(count - partial) * depth, width * depth).Clear();
        for (int p = 0; p < depth; p += Terms)
        {
            int terms = Math.Min(Terms, depth - p);
            float* to = target + (nint)p * width;
            for (int i = 0; i < count; i += width, to += (nint)width * depth)
            {
                int filled = Math.Min(width, count - i);
                if (source.TermsAlongRow) CopyAlongRows(source, first + i, filled, term + p, terms, width, to);
                else CopyDownRows(source, first + i, filled, term + p, terms, width, to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyDownRows(in Operand source, int first, int filled, int term, int terms, int width, float* target)
    {
        float* row = source.Data + term * source.Stride + first;
        nint stride = source.Stride;
        for (int p = 0; p < terms; p++, row += stride, target += width)
        {
            float weight = source.Weights == null ? 1f : source.Weights[term + p];
            int j = 0;
            for (; j + T.Count <= filled; j += T.Count) T.Store(T.Load(row + j) * T.Of(weight), target + j);
            for (; j < filled; j++) target[j] = row[j] * weight;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyAlongRows(in Operand source, int first, int filled, int term, int terms, int width, float* target)
    {
        float* row = source.Data + first * source.Stride + term;
        nint stride = source.Stride;
        int j = 0;
        for (; j + 4 <= filled; j += 4, row += 4 * stride)
        {
            float* second = row + stride;
            float* third = second + stride;
            float* fourth = third + stride;
            float* to = target + j;
            for (int p = 0; p < terms; p++, to += width) Vector128.Create(row[p], second[p], third[p], fourth[p]).Store(to);
        }

        for (; j < filled; j++, row += stride)
        {
            for (int p = 0; p < terms; p++) target[p * width + j] = row[p];
        }
    }
}
