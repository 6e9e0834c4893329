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
    private const int MantissaBits = 23;
    private const int Bias = 127;

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
        float* fitted = stackalloc float[2 * MostLanes];
        T min = T.Load(least), max = T.Load(largest);
        // FloatStorage.NormalizingFactor of every lane and its inverse: near 1 no product or quotient leaves the range of normal numbers.
        T exponent = T.ToValues(T.ShiftRight(T.Max(T.Abs(min), T.Abs(max)), MantissaBits));
        T power = T.Min(T.Max(T.Of(2f * Bias) - exponent, T.Of(1f)), T.Of(2f * Bias - 1));
        T factor = PowerOfTwo(power);
        AffineFit<T, Unweighted>.FitRange(min * factor, max * factor, bits, fitted, fitted + MostLanes);
        T scale = T.Load(fitted) * PowerOfTwo(T.Of(2f * Bias) - power);
        bool isUsual = FloatStorage.AreUsual(scale);
        T.Store(isUsual ? FloatStorage.RoundUsual(scale) : scale, fitted);
        if (count == T.Count)
        {
            T.Store(T.Load(fitted), scales);
            T.Store(T.Load(fitted + MostLanes), zeroPoints);
        }
        else
        {
            new ReadOnlySpan<float>(fitted, count).CopyTo(new Span<float>(scales, count));
            new ReadOnlySpan<float>(fitted + MostLanes, count).CopyTo(new Span<float>(zeroPoints, count));
        }

        // Zero points are whole numbers up to 255, which are stored as they are.
        if (isUsual) return;
        for (int lane = 0; lane < count; lane++) scales[lane] = FloatStorage.Round(scales[lane]);
    }

    // 2^(biased - 127) of whole numbers 1..254: added to 2^23 they are the lowest bits, which moved up are an exponent.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T PowerOfTwo(T biased) => T.ShiftLeft(biased + T.Of(1 << MantissaBits), MantissaBits);

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
