using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// The Walsh-Hadamard transform of a power of two of values, in place: for the distances 1, 2, 4, .. each pair (a, b) at that distance
/// becomes (a + b, a - b), one rounding each, so that every width gives the same bytes.
/// </summary>
internal static unsafe class HadamardTransform<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary><c>values = after * H (before * values * scale)</c>.</summary>
    /// <param name="values">[length] values.</param>
    /// <param name="before">[length] signs of 1 or -1 that are applied first, or null.</param>
    /// <param name="after">[length] signs that are applied last, or null.</param>
    /// <param name="length">A power of two.</param>
    /// <param name="scale">What the values are multiplied by first, one rounding.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* values, float* before, float* after, int length, float scale)
    {
        float* signs = stackalloc float[16];
        for (int i = 0; i < length; i += T.Count)
        {
            T value = T.Load(values + i) * T.Of(scale);
            T.Store(before == null ? value : value * T.Load(before + i), values + i);
        }

        for (int distance = 1; distance < T.Count; distance *= 2)
        {
            for (int lane = 0; lane < T.Count; lane++) signs[lane] = (lane & distance) == 0 ? 1f : -1f;
            T sign = T.Load(signs);
            for (int i = 0; i < length; i += T.Count)
            {
                T value = T.Load(values + i);
                T.Store(T.MultiplyAdd(value, sign, T.Exchange(value, distance)), values + i);
            }
        }

        for (int distance = T.Count; distance < length; distance *= 2)
        {
            for (int block = 0; block < length; block += 2 * distance)
            {
                float* low = values + block;
                float* high = low + distance;
                for (int i = 0; i < distance; i += T.Count)
                {
                    T a = T.Load(low + i), b = T.Load(high + i);
                    T.Store(a + b, low + i);
                    T.Store(a - b, high + i);
                }
            }
        }

        if (after == null) return;
        for (int i = 0; i < length; i += T.Count) T.Store(T.Load(values + i) * T.Load(after + i), values + i);
    }
}
