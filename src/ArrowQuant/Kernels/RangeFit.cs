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
        // For one lane after the other the least and the largest value of its group.
        float* least = stackalloc float[MostLanes];
        float* largest = stackalloc float[MostLanes];
        int perRow = rows.GroupsPerRow, full = rows.FullGroups, size = rows.GroupSize, remainder = rows.Remainder;
        int groups = rows.Rows * perRow;
        int waiting = 0;
        fixed (float* values = rows.Values, scaleOut = scales, zeroOut = zeroPoints)
        {
            float* x = values;
            int inRow = 0;
            for (int group = 0; group < groups; group++)
            {
                int length = inRow < full ? size : remainder;
                RangeOf(x, length, out least[waiting], out largest[waiting]);
                x += length;
                if (++inRow == perRow) inRow = 0;
                if (++waiting < T.Count && group < groups - 1) continue;
                FitRanges(least, largest, waiting, bits, scaleOut + group + 1 - waiting, zeroOut + group + 1 - waiting);
                waiting = 0;
            }
        }
    }

    // Lanes beyond the count hold what earlier groups left there; nobody reads what becomes of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FitRanges(float* least, float* largest, int count, int bits, float* scales, float* zeroPoints)
    {
        float* restore = stackalloc float[MostLanes];
        float* fitted = stackalloc float[2 * MostLanes];
        for (int lane = 0; lane < count; lane++)
        {
            // Near 1 no product or quotient leaves the range of normal numbers.
            float factor = FloatStorage.NormalizingFactor(MathF.Max(MathF.Abs(least[lane]), MathF.Abs(largest[lane])));
            least[lane] *= factor;
            largest[lane] *= factor;
            restore[lane] = 1f / factor;
        }

        AffineFit<T, Unweighted>.FitRange(T.Load(least), T.Load(largest), bits, fitted, fitted + MostLanes);
        for (int lane = 0; lane < count; lane++)
        {
            scales[lane] = FloatStorage.Round(fitted[lane] * restore[lane]);
            zeroPoints[lane] = FloatStorage.Round(fitted[MostLanes + lane]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RangeOf(float* x, int length, out float least, out float largest)
    {
        if (length < T.Count)
        {
            least = largest = x[0];
            for (int i = 1; i < length; i++)
            {
                least = MathF.Min(least, x[i]);
                largest = MathF.Max(largest, x[i]);
            }

            return;
        }

        // Two of each, so that one comparison need not wait for the one before it.
        T least0 = T.Load(x), largest0 = least0;
        T least1 = T.Load(x + length - T.Count), largest1 = least1;
        int done = T.Count;
        for (; done + 2 * T.Count <= length; done += 2 * T.Count)
        {
            T first = T.Load(x + done), second = T.Load(x + done + T.Count);
            least0 = T.Min(least0, first);
            largest0 = T.Max(largest0, first);
            least1 = T.Min(least1, second);
            largest1 = T.Max(largest1, second);
        }

        if (done + T.Count <= length)
        {
            T value = T.Load(x + done);
            least0 = T.Min(least0, value);
            largest0 = T.Max(largest0, value);
        }

        least = T.LeastOf(T.Min(least0, least1));
        largest = T.LargestOf(T.Max(largest0, largest1));
    }
}
