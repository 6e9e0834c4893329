using System.Numerics;
using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Fits the R2Q lattice <c>mu ± a1 ± a2</c>, a1 >= a2 >= 0, to groups that lie across the lanes. For a fixed offset the fit is the global
/// optimum: with u = |x - mu| sorted, the best two magnitudes are the means of a lower and an upper part, so one scan over the split finds
/// them (residual binarization, arXiv 2511.21736, solved exactly instead of greedily).
/// </summary>
internal static unsafe class LatticeFit<T>
    where T : unmanaged, ILanes<T>
{
    private const int OffsetRounds = 3;

    /// <summary>Floats of scratch that <see cref="Fit"/> needs for groups of <paramref name="length"/>.</summary>
    public static nint ScratchLength(int length) => 2 * (nint)Padded(length) * T.Count;

    /// <summary>Fits one group per lane.</summary>
    /// <param name="x">[length, lanes] values, scaled near 1.</param>
    /// <param name="length">Weights per group, 1 or more.</param>
    /// <param name="withOffset">Whether mu is fitted; otherwise it is 0.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="levels">[3, lanes]: mu, a1, a2.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fit(float* x, int length, bool withOffset, float* scratch, float* levels)
    {
        int padded = Padded(length);
        float* sorted = scratch;
        float* magnitudes = scratch + (nint)padded * T.Count;
        Sort(x, length, padded, sorted);
        Lattice best = Split(sorted, length, padded, T.Of(0f), magnitudes);
        if (withOffset)
        {
            T midrange = (T.Load(sorted) + T.Load(sorted + (nint)(length - 1) * T.Count)) * T.Of(0.5f);
            best = Descend(x, length, padded, Mean(x, length), sorted, magnitudes, best);
            best = Descend(x, length, padded, midrange, sorted, magnitudes, best);
        }

        T.Store(best.Mu, levels);
        T.Store(best.A1, levels + T.Count);
        T.Store(best.A2, levels + 2 * T.Count);
    }

    private static int Padded(int length) => (int)BitOperations.RoundUpToPowerOf2((uint)length);

    private static Lattice Descend(float* x, int length, int padded, T mu, float* sorted, float* magnitudes, Lattice best)
    {
        for (int round = 0; round < OffsetRounds; round++)
        {
            Lattice candidate = Split(sorted, length, padded, mu, magnitudes);
            best = candidate.Where(T.GreaterThan(best.Error, candidate.Error), best);
            if (round + 1 < OffsetRounds) mu = Offset(x, length, candidate);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Mean(float* x, int length)
    {
        T sum = T.Of(0f);
        for (int i = 0; i < length; i++) sum += T.Load(x + (nint)i * T.Count);
        return sum / T.Of(length);
    }

    // mu = mean of x - (x^ - mu), the levels as the lattice assigns them
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Offset(float* x, int length, Lattice lattice)
    {
        T zero = T.Of(0f);
        T low = lattice.A1 - lattice.A2;
        T high = lattice.A1 + lattice.A2;
        T sum = zero;
        for (int i = 0; i < length; i++)
        {
            T value = T.Load(x + (nint)i * T.Count);
            T centered = value - lattice.Mu;
            T level = T.Select(T.GreaterThan(T.Abs(centered), lattice.A1), high, low);
            sum += value - T.Select(T.GreaterOrEqual(centered, zero), level, zero - level);
        }

        return sum / T.Of(length);
    }

    // The best split for one offset: maximises A^2 / k + (S - A)^2 / (n - k) over the size k of the lower part.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Lattice Split(float* sorted, int length, int padded, T mu, float* magnitudes)
    {
        T total = T.Of(0f);
        T squares = total;
        for (int i = 0; i < padded; i++)
        {
            T magnitude = T.Abs(T.Load(sorted + (nint)i * T.Count) - mu);
            T.Store(magnitude, magnitudes + (nint)i * T.Count);
            if (i >= length) continue;
            total += magnitude;
            squares = T.MultiplyAdd(magnitude, magnitude, squares);
        }

        // x ascends, so |x - mu| falls and then rises: bitonic, and one merge sorts it.
        for (int distance = padded / 2; distance > 0; distance /= 2) HalfClean(magnitudes, padded, distance);

        T bestGain = total * total / T.Of(length);
        T bestSum = total;
        T bestCount = T.Of(length);
        T sum = T.Of(0f);
        for (int k = 1; k < length; k++)
        {
            sum += T.Load(magnitudes + (nint)(k - 1) * T.Count);
            T rest = total - sum;
            T gain = T.MultiplyAdd(sum * sum, T.Of(1f / k), rest * rest * T.Of(1f / (length - k)));
            T better = T.GreaterThan(gain, bestGain);
            bestGain = T.Select(better, gain, bestGain);
            bestSum = T.Select(better, sum, bestSum);
            bestCount = T.Select(better, T.Of(k), bestCount);
        }

        T one = T.Of(1f);
        T restCount = T.Of(length) - bestCount;
        T low = bestSum / bestCount;
        T high = T.Select(T.GreaterThan(restCount, T.Of(0f)), (total - bestSum) / T.Max(restCount, one), low);
        T half = T.Of(0.5f);
        return new Lattice { Mu = mu, A1 = (high + low) * half, A2 = T.Max((high - low) * half, T.Of(0f)), Error = squares - bestGain };
    }

    // Bitonic sorting network; padding is +infinity and stays at the end.
    private static void Sort(float* x, int length, int padded, float* sorted)
    {
        T infinity = T.Of(float.PositiveInfinity);
        for (int i = 0; i < padded; i++) T.Store(i < length ? T.Load(x + (nint)i * T.Count) : infinity, sorted + (nint)i * T.Count);
        for (int size = 2; size <= padded; size *= 2)
        {
            Mirror(sorted, padded, size);
            for (int distance = size / 4; distance > 0; distance /= 2) HalfClean(sorted, padded, distance);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mirror(float* values, int count, int size)
    {
        for (int start = 0; start < count; start += size)
        {
            for (int i = 0; i < size / 2; i++)
                CompareExchange(values + (nint)(start + i) * T.Count, values + (nint)(start + size - 1 - i) * T.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfClean(float* values, int count, int distance)
    {
        for (int start = 0; start < count; start += 2 * distance)
        {
            for (int i = start; i < start + distance; i++)
                CompareExchange(values + (nint)i * T.Count, values + (nint)(i + distance) * T.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CompareExchange(float* low, float* high)
    {
        T a = T.Load(low);
        T b = T.Load(high);
        T.Store(T.Min(a, b), low);
        T.Store(T.Max(a, b), high);
    }

    private struct Lattice
    {
        public T Mu;
        public T A1;
        public T A2;
        public T Error;

        public readonly Lattice Where(T mask, Lattice other) => new()
        {
            Mu = T.Select(mask, Mu, other.Mu),
            A1 = T.Select(mask, A1, other.A1),
            A2 = T.Select(mask, A2, other.A2),
            Error = T.Select(mask, Error, other.Error),
        };
    }
}
