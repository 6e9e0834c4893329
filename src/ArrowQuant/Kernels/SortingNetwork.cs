using System.Numerics;
using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Bitonic sorting of many runs at once, one per lane: <c>values[i * lanes + lane]</c> is value i of the lane's run. Three steps of the
/// network at a time stay in registers. With <see cref="Weighted"/> a weight travels with every value, 2 * count vectors behind it.
/// </summary>
internal static unsafe class SortingNetwork<T, TWeighting>
    where T : unmanaged, ILanes<T>
    where TWeighting : struct, IWeighting
{
    private const int Together = 8;
    private const int LastSteps = 4;

    /// <summary>Sorts every run, ascending.</summary>
    /// <param name="values">[count, lanes].</param>
    /// <param name="count">A power of two.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sort(float* values, int count)
    {
        int size = 2;
        if (!TWeighting.HasWeights && count >= Together)
        {
            SortEights(values, count);
            size = 2 * Together;
        }

        for (; size <= count; size *= 2)
        {
            Mirror(values, count, size);
            Merge(values, count, size / 4);
        }
    }

    /// <summary>Sorts runs of 2 * <paramref name="distance"/> values, each of which falls and then rises, or the other way round.</summary>
    /// <param name="values">[count, lanes].</param>
    /// <param name="count">A power of two.</param>
    /// <param name="distance">A power of two below it, or 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge(float* values, int count, int distance)
    {
        while (distance > 0)
        {
            // Steps that are left: the last four at once, before them three at a time.
            int steps = TWeighting.HasWeights ? 1 : BitOperations.Log2((uint)distance) + 1;
            if (steps == LastSteps)
            {
                MergeSixteens(values, count);
                return;
            }

            bool three = steps is 3 or > LastSteps + 1;
            if (three) HalfCleanThrice(values, count, distance);
            else HalfClean(values, count, distance);
            distance /= three ? Together : 2;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SortEights(float* values, int count)
    {
        nint step = T.Count;
        for (int i = 0; i < count; i += Together)
        {
            float* x = values + i * step;
            T v0 = T.Load(x);
            T v1 = T.Load(x + step);
            T v2 = T.Load(x + 2 * step);
            T v3 = T.Load(x + 3 * step);
            T v4 = T.Load(x + 4 * step);
            T v5 = T.Load(x + 5 * step);
            T v6 = T.Load(x + 6 * step);
            T v7 = T.Load(x + 7 * step);
            (v0, v1) = (T.Min(v0, v1), T.Max(v0, v1));
            (v2, v3) = (T.Min(v2, v3), T.Max(v2, v3));
            (v4, v5) = (T.Min(v4, v5), T.Max(v4, v5));
            (v6, v7) = (T.Min(v6, v7), T.Max(v6, v7));
            (v0, v3) = (T.Min(v0, v3), T.Max(v0, v3));
            (v1, v2) = (T.Min(v1, v2), T.Max(v1, v2));
            (v4, v7) = (T.Min(v4, v7), T.Max(v4, v7));
            (v5, v6) = (T.Min(v5, v6), T.Max(v5, v6));
            (v0, v1) = (T.Min(v0, v1), T.Max(v0, v1));
            (v2, v3) = (T.Min(v2, v3), T.Max(v2, v3));
            (v4, v5) = (T.Min(v4, v5), T.Max(v4, v5));
            (v6, v7) = (T.Min(v6, v7), T.Max(v6, v7));
            (v0, v7) = (T.Min(v0, v7), T.Max(v0, v7));
            (v1, v6) = (T.Min(v1, v6), T.Max(v1, v6));
            (v2, v5) = (T.Min(v2, v5), T.Max(v2, v5));
            (v3, v4) = (T.Min(v3, v4), T.Max(v3, v4));
            (v0, v2) = (T.Min(v0, v2), T.Max(v0, v2));
            (v1, v3) = (T.Min(v1, v3), T.Max(v1, v3));
            (v4, v6) = (T.Min(v4, v6), T.Max(v4, v6));
            (v5, v7) = (T.Min(v5, v7), T.Max(v5, v7));
            (v0, v1) = (T.Min(v0, v1), T.Max(v0, v1));
            (v2, v3) = (T.Min(v2, v3), T.Max(v2, v3));
            (v4, v5) = (T.Min(v4, v5), T.Max(v4, v5));
            (v6, v7) = (T.Min(v6, v7), T.Max(v6, v7));
            T.Store(v0, x);
            T.Store(v1, x + step);
            T.Store(v2, x + 2 * step);
            T.Store(v3, x + 3 * step);
            T.Store(v4, x + 4 * step);
            T.Store(v5, x + 5 * step);
            T.Store(v6, x + 6 * step);
            T.Store(v7, x + 7 * step);
        }
    }

    // The steps with distances 8, 4, 2 and 1.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MergeSixteens(float* values, int count)
    {
        nint step = T.Count;
        for (int i = 0; i < count; i += 2 * Together)
        {
            float* x = values + i * step;
            float* y = x + Together * step;
            T v0 = T.Load(x), w0 = T.Load(y);
            T v1 = T.Load(x + step), w1 = T.Load(y + step);
            T v2 = T.Load(x + 2 * step), w2 = T.Load(y + 2 * step);
            T v3 = T.Load(x + 3 * step), w3 = T.Load(y + 3 * step);
            T v4 = T.Load(x + 4 * step), w4 = T.Load(y + 4 * step);
            T v5 = T.Load(x + 5 * step), w5 = T.Load(y + 5 * step);
            T v6 = T.Load(x + 6 * step), w6 = T.Load(y + 6 * step);
            T v7 = T.Load(x + 7 * step), w7 = T.Load(y + 7 * step);
            (v0, w0) = (T.Min(v0, w0), T.Max(v0, w0));
            (v1, w1) = (T.Min(v1, w1), T.Max(v1, w1));
            (v2, w2) = (T.Min(v2, w2), T.Max(v2, w2));
            (v3, w3) = (T.Min(v3, w3), T.Max(v3, w3));
            (v4, w4) = (T.Min(v4, w4), T.Max(v4, w4));
            (v5, w5) = (T.Min(v5, w5), T.Max(v5, w5));
            (v6, w6) = (T.Min(v6, w6), T.Max(v6, w6));
            (v7, w7) = (T.Min(v7, w7), T.Max(v7, w7));
            StoreMerged(x, v0, v1, v2, v3, v4, v5, v6, v7);
            StoreMerged(y, w0, w1, w2, w3, w4, w5, w6, w7);
        }
    }

    // Merges eight bitonic values.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreMerged(float* x, T v0, T v1, T v2, T v3, T v4, T v5, T v6, T v7)
    {
        nint step = T.Count;
        (v0, v4) = (T.Min(v0, v4), T.Max(v0, v4));
        (v1, v5) = (T.Min(v1, v5), T.Max(v1, v5));
        (v2, v6) = (T.Min(v2, v6), T.Max(v2, v6));
        (v3, v7) = (T.Min(v3, v7), T.Max(v3, v7));
        StoreMerged(x, v0, v1, v2, v3);
        StoreMerged(x + 4 * step, v4, v5, v6, v7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreMerged(float* x, T v0, T v1, T v2, T v3)
    {
        nint step = T.Count;
        (v0, v2) = (T.Min(v0, v2), T.Max(v0, v2));
        (v1, v3) = (T.Min(v1, v3), T.Max(v1, v3));
        T.Store(T.Min(v0, v1), x);
        T.Store(T.Max(v0, v1), x + step);
        T.Store(T.Min(v2, v3), x + 2 * step);
        T.Store(T.Max(v2, v3), x + 3 * step);
    }

    // The steps with distances d, d / 2 and d / 4.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfCleanThrice(float* values, int count, int distance)
    {
        int quarter = distance / 4;
        nint step = (nint)quarter * T.Count;
        for (int start = 0; start < count; start += 2 * distance)
        {
            for (int i = start; i < start + quarter; i++)
            {
                float* x = values + (nint)i * T.Count;
                T v0 = T.Load(x);
                T v1 = T.Load(x + step);
                T v2 = T.Load(x + 2 * step);
                T v3 = T.Load(x + 3 * step);
                T v4 = T.Load(x + 4 * step);
                T v5 = T.Load(x + 5 * step);
                T v6 = T.Load(x + 6 * step);
                T v7 = T.Load(x + 7 * step);
                (v0, v4) = (T.Min(v0, v4), T.Max(v0, v4));
                (v1, v5) = (T.Min(v1, v5), T.Max(v1, v5));
                (v2, v6) = (T.Min(v2, v6), T.Max(v2, v6));
                (v3, v7) = (T.Min(v3, v7), T.Max(v3, v7));
                (v0, v2) = (T.Min(v0, v2), T.Max(v0, v2));
                (v1, v3) = (T.Min(v1, v3), T.Max(v1, v3));
                (v4, v6) = (T.Min(v4, v6), T.Max(v4, v6));
                (v5, v7) = (T.Min(v5, v7), T.Max(v5, v7));
                (v0, v1) = (T.Min(v0, v1), T.Max(v0, v1));
                (v2, v3) = (T.Min(v2, v3), T.Max(v2, v3));
                (v4, v5) = (T.Min(v4, v5), T.Max(v4, v5));
                (v6, v7) = (T.Min(v6, v7), T.Max(v6, v7));
                T.Store(v0, x);
                T.Store(v1, x + step);
                T.Store(v2, x + 2 * step);
                T.Store(v3, x + 3 * step);
                T.Store(v4, x + 4 * step);
                T.Store(v5, x + 5 * step);
                T.Store(v6, x + 6 * step);
                T.Store(v7, x + 7 * step);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mirror(float* values, int count, int size)
    {
        for (int start = 0; start < count; start += size)
        {
            for (int i = 0; i < size / 2; i++) CompareExchange(values, count, start + i, start + size - 1 - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfClean(float* values, int count, int distance)
    {
        for (int start = 0; start < count; start += 2 * distance)
        {
            for (int i = start; i < start + distance; i++) CompareExchange(values, count, i, i + distance);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CompareExchange(float* values, int count, int low, int high)
    {
        float* lower = values + (nint)low * T.Count;
        float* upper = values + (nint)high * T.Count;
        T a = T.Load(lower);
        T b = T.Load(upper);
        T.Store(T.Min(a, b), lower);
        T.Store(T.Max(a, b), upper);
        if (!TWeighting.HasWeights) return;
        nint weights = 2 * (nint)count * T.Count;
        T swap = T.GreaterThan(a, b);
        T weightOfA = T.Load(lower + weights);
        T weightOfB = T.Load(upper + weights);
        T.Store(T.Select(swap, weightOfB, weightOfA), lower + weights);
        T.Store(T.Select(swap, weightOfA, weightOfB), upper + weights);
    }
}
