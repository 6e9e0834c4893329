using System.Numerics;
using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Fits the R2Q lattice <c>mu ± a1 ± a2</c>, a1 >= a2 >= 0, to groups that lie across the lanes. For a fixed offset the fit is the global
/// optimum: with u = |x - mu| sorted, the best two magnitudes are the means of a lower and an upper part, so one scan over the split finds
/// them (residual binarization, arXiv 2511.21736, solved exactly instead of greedily). Weights of columns travel with their values.
/// </summary>
internal static unsafe class LatticeFit<T, TWeighting>
    where T : unmanaged, ILanes<T>
    where TWeighting : struct, IWeighting
{
    private const int OffsetRounds = 3;
    private const float SmallestWeight = 1e-30f;

    /// <summary>Floats of scratch that <see cref="Fit"/> needs for groups of <paramref name="length"/>.</summary>
    public static nint ScratchLength(int length) => (TWeighting.HasWeights ? 4 : 2) * (nint)Padded(length) * T.Count + length;

    /// <summary>Fits one group per lane.</summary>
    /// <param name="x">[length, lanes] values, scaled near 1; with weights, [length, lanes] weights above 0 follow.</param>
    /// <param name="length">Weights per group, 1 or more.</param>
    /// <param name="withOffset">Whether mu is fitted; otherwise it is 0.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="levels">[3, lanes]: mu, a1, a2.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fit(float* x, int length, bool withOffset, float* scratch, float* levels)
    {
        var group = new Group
        {
            Values = x,
            Weights = x + (nint)length * T.Count,
            Length = length,
            Padded = Padded(length),
            Sorted = scratch,
            Magnitudes = scratch + (nint)Padded(length) * T.Count,
            Inverses = scratch + ScratchLength(length) - length,
        };
        for (int k = 1; k < length; k++) group.Inverses[k] = 1f / k;
        Sort(group);
        Lattice best = Split(group, T.Of(0f));
        if (withOffset)
        {
            T midrange = (T.Load(group.Sorted) + T.Load(group.Sorted + (nint)(length - 1) * T.Count)) * T.Of(0.5f);
            best = Descend(group, Mean(group), best);
            best = Descend(group, midrange, best);
        }

        T.Store(best.Mu, levels);
        T.Store(best.A1, levels + T.Count);
        T.Store(best.A2, levels + 2 * T.Count);
    }

    private static int Padded(int length) => (int)BitOperations.RoundUpToPowerOf2((uint)length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Lattice Descend(in Group group, T mu, Lattice best)
    {
        for (int round = 0; round < OffsetRounds; round++)
        {
            Lattice candidate = Split(group, mu);
            best = candidate.Where(T.GreaterThan(best.Error, candidate.Error), best);
            if (round + 1 < OffsetRounds) mu = Offset(group, candidate);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T WeightAt(float* weights, int i) => TWeighting.HasWeights ? T.Load(weights + (nint)i * T.Count) : T.Of(1f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Weigh(T value, T weight) => TWeighting.HasWeights ? value * weight : value;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Mean(in Group group)
    {
        T sum = T.Of(0f);
        T weights = sum;
        for (int i = 0; i < group.Length; i++)
        {
            T weight = WeightAt(group.Weights, i);
            sum += Weigh(T.Load(group.Values + (nint)i * T.Count), weight);
            weights += weight;
        }

        return sum / weights;
    }

    // mu = mean of x - (x^ - mu), the levels as the lattice assigns them
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Offset(in Group group, Lattice lattice)
    {
        T zero = T.Of(0f);
        T low = lattice.A1 - lattice.A2;
        T high = lattice.A1 + lattice.A2;
        T sum = zero;
        T weights = zero;
        for (int i = 0; i < group.Length; i++)
        {
            T value = T.Load(group.Values + (nint)i * T.Count);
            T centered = value - lattice.Mu;
            T level = T.Select(T.GreaterThan(T.Abs(centered), lattice.A1), high, low);
            T weight = WeightAt(group.Weights, i);
            sum += Weigh(value - T.Select(T.GreaterOrEqual(centered, zero), level, zero - level), weight);
            weights += weight;
        }

        return sum / weights;
    }

    // The best split for one offset: maximises A^2 / S + (A' - A)^2 / (S' - S) over the lower part with weights S and
    // weighted magnitudes A.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Lattice Split(in Group group, T mu)
    {
        (T total, T totalWeight, T squares) = Fold(group, mu);
        SortingNetwork<T, TWeighting>.Merge(group.Magnitudes, group.Padded, group.Padded / 2);
        return Scan(group, mu, total, totalWeight, squares);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Lattice Scan(in Group group, T mu, T total, T totalWeight, T squares)
    {
        float* magnitudes = group.Magnitudes;
        float* weights = group.MagnitudeWeights;
        T bestGain = total * total / totalWeight;
        T bestSum = total;
        T bestWeight = totalWeight;
        T sum = T.Of(0f);
        T weightSum = sum;
        float* inverses = group.Inverses;
        int length = group.Length;
        for (int k = 1; k < length; k++)
        {
            T weight = WeightAt(weights, k - 1);
            sum += Weigh(T.Load(magnitudes + (nint)(k - 1) * T.Count), weight);
            weightSum += weight;
            T rest = total - sum;
            T gain = TWeighting.HasWeights
                ? sum * sum / weightSum + rest * rest / T.Max(totalWeight - weightSum, T.Of(SmallestWeight))
                : T.MultiplyAdd(sum * sum, T.Of(inverses[k]), rest * rest * T.Of(inverses[length - k]));
            T better = T.GreaterThan(gain, bestGain);
            bestGain = T.Max(gain, bestGain); // the next comparison waits for this alone
            bestSum = T.Select(better, sum, bestSum);
            bestWeight = T.Select(better, weightSum, bestWeight);
        }

        T zero = T.Of(0f);
        T restWeight = totalWeight - bestWeight;
        T low = bestSum / bestWeight;
        T high = T.Select(T.GreaterThan(restWeight, zero), (total - bestSum) / T.Max(restWeight, T.Of(SmallestWeight)), low);
        T half = T.Of(0.5f);
        return new Lattice { Mu = mu, A1 = (high + low) * half, A2 = T.Max((high - low) * half, zero), Error = squares - bestGain };
    }

    // |x - mu| with its sums. x ascends, so |x - mu| falls and then rises: bitonic, and one merge sorts it. Nothing is called from here:
    // a call would move the sums to memory and back for every weight.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (T Total, T Weight, T Squares) Fold(in Group group, T mu)
    {
        T total = T.Of(0f);
        T totalWeight = total;
        T squares = total;
        float* sorted = group.Sorted, sortedWeights = group.SortedWeights;
        float* magnitudes = group.Magnitudes, magnitudeWeights = group.MagnitudeWeights;
        int length = group.Length, padded = group.Padded;
        for (int i = 0; i < length; i++)
        {
            T magnitude = T.Abs(T.Load(sorted + (nint)i * T.Count) - mu);
            T.Store(magnitude, magnitudes + (nint)i * T.Count);
            T weight = WeightAt(sortedWeights, i);
            T weighted = Weigh(magnitude, weight);
            total += weighted;
            squares = T.MultiplyAdd(weighted, magnitude, squares);
            if (!TWeighting.HasWeights) continue;
            T.Store(weight, magnitudeWeights + (nint)i * T.Count);
            totalWeight += weight;
        }

        for (int i = length; i < padded; i++)
        {
            T.Store(T.Abs(T.Load(sorted + (nint)i * T.Count) - mu), magnitudes + (nint)i * T.Count);
            if (TWeighting.HasWeights) T.Store(T.Load(sortedWeights + (nint)i * T.Count), magnitudeWeights + (nint)i * T.Count);
        }

        return (total, TWeighting.HasWeights ? totalWeight : T.Of(length), squares);
    }

    // Padding is +infinity and stays at the end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sort(in Group group)
    {
        T infinity = T.Of(float.PositiveInfinity);
        for (int i = 0; i < group.Padded; i++)
        {
            bool inside = i < group.Length;
            T.Store(inside ? T.Load(group.Values + (nint)i * T.Count) : infinity, group.Sorted + (nint)i * T.Count);
            if (TWeighting.HasWeights) T.Store(inside ? WeightAt(group.Weights, i) : T.Of(0f), group.SortedWeights + (nint)i * T.Count);
        }

        SortingNetwork<T, TWeighting>.Sort(group.Sorted, group.Padded);
    }

    private struct Group
    {
        public float* Values;
        public float* Weights;
        public int Length;
        public int Padded;
        public float* Sorted;
        public float* Magnitudes;
        public float* Inverses;

        public readonly float* SortedWeights => Sorted + 2 * (nint)Padded * T.Count;

        public readonly float* MagnitudeWeights => Magnitudes + 2 * (nint)Padded * T.Count;
    }

    private struct Lattice
    {
        public T Mu;
        public T A1;
        public T A2;
        public T Error;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Lattice Where(T mask, Lattice other) => new()
        {
            Mu = T.Select(mask, Mu, other.Mu),
            A1 = T.Select(mask, A1, other.A1),
            A2 = T.Select(mask, A2, other.A2),
            Error = T.Select(mask, Error, other.Error),
        };
    }
}
