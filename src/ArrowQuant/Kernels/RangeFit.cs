using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// The affine grid of a group's range alone. Least and largest values do not depend on an order, so groups are read as they lie in their
/// rows; what follows from the range is computed with one group per lane by <see cref="AffineFit{T, TWeighting}"/>.
/// </summary>
internal static unsafe class RangeFit<T>
    where T : unmanaged, ILanes<T>
{
    private const int MostLanes = 16;

    /// <summary>Fits every group. Scales and zero points come out as they are stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fit(GroupRows rows, int bits, Span<float> scales, Span<float> zeroPoints)
    {
        // [2, lanes]: for one lane after the other the least and the largest value of its group, scaled near 1.
        float* range = stackalloc float[2 * MostLanes];
        float* restore = stackalloc float[MostLanes];
        float* fitted = stackalloc float[2 * MostLanes];
        int groups = rows.Rows * rows.GroupsPerRow;
        fixed (float* values = rows.Values)
        {
            for (int first = 0; first < groups; first += T.Count)
            {
                int count = Math.Min(T.Count, groups - first);
                for (int lane = 0; lane < T.Count; lane++)
                {
                    int index = first + Math.Min(lane, count - 1);
                    int start = index % rows.GroupsPerRow * rows.GroupSize;
                    int length = Math.Min(rows.GroupSize, rows.Columns - start);
                    (float least, float largest) = RangeOf(values + (nint)(index / rows.GroupsPerRow) * rows.Columns + start, length);
                    float factor = FloatStorage.NormalizingFactor(MathF.Max(MathF.Abs(least), MathF.Abs(largest)));
                    range[lane] = least * factor;
                    range[T.Count + lane] = largest * factor;
                    restore[lane] = 1f / factor;
                }

                AffineFit<T, Unweighted>.FitRange(T.Load(range), T.Load(range + T.Count), bits, fitted, fitted + MostLanes);
                for (int lane = 0; lane < count; lane++)
                {
                    scales[first + lane] = FloatStorage.Round(fitted[lane] * restore[lane]);
                    zeroPoints[first + lane] = FloatStorage.Round(fitted[MostLanes + lane]);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Least, float Largest) RangeOf(float* x, int length)
    {
        if (length < T.Count) return RangeFit<Lanes1>.RangeOf(x, length);
        T least = T.Load(x);
        T largest = least;
        int i = T.Count;
        for (; i + T.Count <= length; i += T.Count)
        {
            T value = T.Load(x + i);
            least = T.Min(least, value);
            largest = T.Max(largest, value);
        }

        // The last full vector overlaps what was seen: that changes no range.
        T last = T.Load(x + length - T.Count);
        return (T.LeastOf(T.Min(least, last)), T.LargestOf(T.Max(largest, last)));
    }
}
