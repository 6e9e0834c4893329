using System.Runtime.CompilerServices;
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
    /// <param name="width">Output indices of a strip, a multiple of the lanes.</param>
    /// <param name="target">[strips, depth, width].</param>
    public static void Pack(in Operand source, int first, int count, int term, int depth, int width, float* target)
    {
        for (int i = 0; i < count; i += width, target += (nint)width * depth)
        {
            int filled = Math.Min(width, count - i);
            if (filled < width) new Span<float>(target, width * depth).Clear();
            if (source.TermsAlongRow) PackAlongRows(source.Data + (first + i) * source.Stride + term, source.Stride, filled, depth, width, target);
            else if (filled == width) PackDownRows(source, first + i, term, depth, width, target);
            else PackPartial(source, first + i, filled, term, depth, width, target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackDownRows(in Operand source, int first, int term, int depth, int width, float* target)
    {
        float* row = source.Data + term * source.Stride + first;
        float* weights = source.Weights;
        for (int p = 0; p < depth; p++, row += source.Stride, target += width)
        {
            T weight = T.Of(weights == null ? 1f : weights[term + p]);
            for (int i = 0; i < width; i += T.Count) T.Store(T.Load(row + i) * weight, target + i);
        }
    }

    private static void PackPartial(in Operand source, int first, int filled, int term, int depth, int width, float* target)
    {
        float* row = source.Data + term * source.Stride + first;
        for (int p = 0; p < depth; p++, row += source.Stride, target += width)
        {
            float weight = source.Weights == null ? 1f : source.Weights[term + p];
            for (int i = 0; i < filled; i++) target[i] = row[i] * weight;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackAlongRows(float* rows, nint stride, int filled, int depth, int width, float* target)
    {
        for (int i = 0; i < filled; i++, rows += stride)
        {
            float* to = target + i;
            for (int p = 0; p < depth; p++, to += width) *to = rows[p];
        }
    }
}
