using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Fits <c>x ~ (q - z) * s</c>, q in 0..2^bits - 1, to groups that lie across the lanes: <c>x[i * lanes + lane]</c> is weight i of the
/// lane's group. Values are scaled near 1. Per lane the order of all operations is that of a loop over one group. With
/// <see cref="Weighted"/> every squared error counts with the weight of its column, which lies beside the values.
/// </summary>
internal static unsafe class AffineFit<T, TWeighting>
    where T : unmanaged, ILanes<T>
    where TWeighting : struct, IWeighting
{
    // Measured on Gaussian, Laplace and t-distributed groups: 8 clip steps and 6 refits lose less than 1 % of the error to a full search.
    private const int Refits = 6;

    // Weights after which it is looked whether a clip step has lost already.
    private const int Stretch = 16;

    private static ReadOnlySpan<float> ClipSteps => [1f, 0.92f, 0.84f, 0.76f, 0.68f, 0.6f, 0.52f, 0.44f];

    /// <summary>Fits one group per lane.</summary>
    /// <param name="x">[length, lanes] values; with weights, [length, lanes] weights above 0 follow.</param>
    /// <param name="length">Weights per group, 1 or more.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="search">How far to look.</param>
    /// <param name="scales">One scale per lane; 0 for a group of zeros.</param>
    /// <param name="zeros">One zero point per lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fit(float* x, int length, int bits, AffineSearch search, float* scales, float* zeros)
    {
        T levels = T.Of((1 << bits) - 1);
        float* h = x + (nint)length * T.Count;
        Range range = RangeOf(x, length);
        Grid grid = search == AffineSearch.FreeZero ? FreeGrid(range, 1f, levels) : IntegerGrid(range, 1f, levels);
        T constant = T.GreaterOrEqual(range.Min, range.Max);
        grid = Clip(x, h, length, search, levels, range, constant, Constant(range).Where(constant, grid));
        grid = Refit(x, h, length, search, levels, range, grid);
        Store(grid, range, scales, zeros);
    }

    /// <summary>The grid of <see cref="AffineSearch.MinMax"/>: that of the range alone.</summary>
    /// <param name="min">The least value of each group, scaled near 1.</param>
    /// <param name="max">The largest one.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="scales">One scale per lane; 0 for a group of zeros.</param>
    /// <param name="zeros">One zero point per lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FitRange(T min, T max, int bits, float* scales, float* zeros)
    {
        var range = new Range { Min = min, Max = max };
        Grid grid = IntegerGrid(range, 1f, T.Of((1 << bits) - 1));
        Store(Constant(range).Where(T.GreaterOrEqual(min, max), grid), range, scales, zeros);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Grid grid, Range range, float* scales, float* zeros)
    {
        T largest = T.Max(T.Abs(range.Min), T.Abs(range.Max));
        T nonZero = T.GreaterThan(largest, T.Of(0f));
        T.Store(T.Select(nonZero, grid.Scale, T.Of(0f)), scales);
        T.Store(T.Select(nonZero, grid.Zero, T.Of(0f)), zeros);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Range RangeOf(float* x, int length)
    {
        T min = T.Load(x);
        T max = min;
        T sum = T.Of(0f);
        for (int i = 0; i < length; i++)
        {
            T value = T.Load(x + (nint)i * T.Count);
            min = T.Min(min, value);
            max = T.Max(max, value);
            sum += value;
        }

        return new Range { Min = min, Max = max, Sum = sum, Mean = sum / T.Of(length) };
    }

    // A group of equal values c is (1 - 0) * c or (0 - 1) * |c|: exact up to the precision of a stored scale.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Grid Constant(Range range)
    {
        T zero = T.Of(0f);
        T largest = T.Abs(range.Max);
        return new Grid
        {
            Scale = T.Select(T.GreaterThan(largest, zero), largest, T.Of(1f)),
            Zero = T.Select(T.GreaterThan(zero, range.Max), T.Of(1f), zero),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Grid IntegerGrid(Range range, float clip, T levels)
    {
        T low = T.Min(range.Min, T.Of(0f)) * T.Of(clip);
        T high = T.Max(range.Max, T.Of(0f)) * T.Of(clip);
        T scale = Positive((high - low) / levels);
        return new Grid { Scale = scale, Zero = T.Min(T.Round((T.Of(0f) - low) / scale), levels) };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Grid FreeGrid(Range range, float clip, T levels)
    {
        T low = T.MultiplyAdd(range.Min - range.Mean, T.Of(clip), range.Mean);
        T high = T.MultiplyAdd(range.Max - range.Mean, T.Of(clip), range.Mean);
        T scale = Positive((high - low) / levels);
        return new Grid { Scale = scale, Zero = (T.Of(0f) - low) / scale };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Positive(T scale) => T.Select(T.GreaterThan(scale, T.Of(0f)), scale, T.Of(1f));

    // Two steps at a time, so that neither waits for its own last sum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Grid Clip(float* x, float* h, int length, AffineSearch search, T levels, Range range, T constant, Grid best)
    {
        Grid whole = best;
        best.Error = T.Of(float.MaxValue);
        for (int step = 0; step < ClipSteps.Length; step += 2)
        {
            Grid first = step == 0 ? whole : Clipped(ClipSteps[step]);
            Grid second = Clipped(ClipSteps[step + 1]);
            AddErrors(x, h, length, ref first, ref second, levels, best.Error);
            best = first.Where(T.GreaterThan(best.Error, first.Error), best);
            best = second.Where(T.GreaterThan(best.Error, second.Error), best);
        }

        return best;

        Grid Clipped(float clip) => whole.Where(
            constant, search == AffineSearch.FreeZero ? FreeGrid(range, clip, levels) : IntegerGrid(range, clip, levels));
    }

    // The errors of two grids. Both end early once no lane of them can come below the bound: sums of squares only grow.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddErrors(float* x, float* h, int length, ref Grid first, ref Grid second, T levels, T bound)
    {
        T inverse1 = T.Of(1f) / first.Scale, inverse2 = T.Of(1f) / second.Scale;
        T zero1 = first.Zero, zero2 = second.Zero, scale1 = first.Scale, scale2 = second.Scale;
        T error1 = T.Of(0f), error2 = error1;
        for (int i = 0; i < length;)
        {
            int stop = Math.Min(length, i + Stretch);
            for (; i < stop; i++)
            {
                T value = T.Load(x + (nint)i * T.Count);
                T weight = TWeighting.HasWeights ? T.Load(h + (nint)i * T.Count) : value;
                error1 = AddError(value, weight, inverse1, zero1, scale1, levels, error1);
                error2 = AddError(value, weight, inverse2, zero2, scale2, levels, error2);
            }

            if (T.AllGreaterOrEqual(T.Min(error1, error2), bound)) break;
        }

        first.Error = error1;
        second.Error = error2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T AddError(T value, T weight, T inverse, T zeroPoint, T scale, T levels, T error)
    {
        T code = T.Min(T.Max(T.Round(T.MultiplyAdd(value, inverse, zeroPoint)), T.Of(0f)), levels);
        T difference = T.MultiplyAdd(zeroPoint - code, scale, value);
        return T.MultiplyAdd(TWeighting.HasWeights ? difference * weight : difference, difference, error);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T ErrorOf(float* x, float* h, int length, Grid grid, T levels)
    {
        T inverse = T.Of(1f) / grid.Scale;
        T error = T.Of(0f);
        for (int i = 0; i < length; i++)
        {
            T value = T.Load(x + (nint)i * T.Count);
            T weight = TWeighting.HasWeights ? T.Load(h + (nint)i * T.Count) : value;
            error = AddError(value, weight, inverse, grid.Zero, grid.Scale, levels, error);
        }

        return error;
    }

    // Alternating least squares: codes for the grid, then the best grid for the codes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Grid Refit(float* x, float* h, int length, AffineSearch search, T levels, Range range, Grid best)
    {
        Grid current = best;
        (T n, T sum) = TWeighting.HasWeights ? WeightedSums(x, h, length) : (T.Of(length), range.Sum);
        for (int round = 0; round < Refits; round++)
        {
            Moments moments = MomentsOf(x, h, length, current, levels);
            moments.N = n;
            moments.X = sum;
            current.Error = moments.Error;
            best = current.Where(T.GreaterThan(best.Error, current.Error), best);
            current = search == AffineSearch.FreeZero ? FreeRefit(moments, current) : IntegerRefit(moments, levels, current);
        }

        current.Error = ErrorOf(x, h, length, current, levels);
        return current.Where(T.GreaterThan(best.Error, current.Error), best);
    }

    // What no grid changes: the sum of the weights, and of weighted values.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (T N, T Sum) WeightedSums(float* x, float* h, int length)
    {
        T n = T.Of(0f), sum = n;
        for (int i = 0; i < length; i++)
        {
            T weight = T.Load(h + (nint)i * T.Count);
            n += weight;
            sum += T.Load(x + (nint)i * T.Count) * weight;
        }

        return (n, sum);
    }

    // N and X are left to the caller.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Moments MomentsOf(float* x, float* h, int length, Grid grid, T levels)
    {
        T inverse = T.Of(1f) / grid.Scale;
        T zero = T.Of(0f);
        T error = zero, q = zero, qq = zero, qx = zero;
        for (int i = 0; i < length; i++)
        {
            T value = T.Load(x + (nint)i * T.Count);
            T code = T.Min(T.Max(T.Round(T.MultiplyAdd(value, inverse, grid.Zero)), zero), levels);
            T difference = T.MultiplyAdd(grid.Zero - code, grid.Scale, value);
            T weight = TWeighting.HasWeights ? T.Load(h + (nint)i * T.Count) : value;
            T weightedCode = TWeighting.HasWeights ? code * weight : code;
            error = T.MultiplyAdd(TWeighting.HasWeights ? difference * weight : difference, difference, error);
            q += weightedCode;
            qq = T.MultiplyAdd(weightedCode, code, qq);
            qx = T.MultiplyAdd(weightedCode, value, qx);
        }

        return new Moments { Error = error, Q = q, QQ = qq, QX = qx };
    }

    // s = cov(q, x) / var(q), m = mean(x) - s mean(q), z = -m / s; n is the sum of the weights
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Grid FreeRefit(Moments m, Grid current)
    {
        T n = m.N;
        T zero = T.Of(0f);
        T variance = n * m.QQ - m.Q * m.Q;
        T scale = (n * m.QX - m.Q * m.X) / Positive(variance);
        T usable = T.Select(T.GreaterThan(variance, zero), T.GreaterThan(scale, zero), zero);
        T divisor = T.Select(usable, scale, T.Of(1f));
        var refitted = new Grid { Scale = divisor, Zero = (m.Q - m.X / divisor) / n };
        return refitted.Where(usable, current);
    }

    // The zero point nearest to the free solution, then s = <q - z, x> / <q - z, q - z>.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Grid IntegerRefit(Moments m, T levels, Grid current)
    {
        Grid free = FreeRefit(m, current);
        T zero = T.Of(0f);
        T z = T.Min(T.Max(T.Round(free.Zero), zero), levels);
        T energy = m.QQ - (z + z) * m.Q + m.N * (z * z);
        T scale = (m.QX - z * m.X) / Positive(energy);
        T usable = T.Select(T.GreaterThan(energy, zero), T.GreaterThan(scale, zero), zero);
        var refitted = new Grid { Scale = T.Select(usable, scale, T.Of(1f)), Zero = z };
        return refitted.Where(usable, current);
    }

    private struct Range
    {
        public T Min;
        public T Max;
        public T Sum;
        public T Mean;
    }

    private struct Moments
    {
        public T Error;
        public T N;
        public T Q;
        public T QQ;
        public T QX;
        public T X;
    }

    private struct Grid
    {
        public T Scale;
        public T Zero;
        public T Error;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Grid Where(T mask, Grid other) => new()
        {
            Scale = T.Select(mask, Scale, other.Scale),
            Zero = T.Select(mask, Zero, other.Zero),
            Error = T.Select(mask, Error, other.Error),
        };
    }
}
