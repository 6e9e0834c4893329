using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Sums over one row of weights and what its codes decode to. Weight i of the row goes to partial sum i mod 16. A partial sum collects the
/// products of 128 weights of the row in single precision, with one rounding each, and then joins its total in double precision; the
/// sixteen totals are added in order. A row whose squares single precision cannot hold is added up in double precision from the first to
/// the last weight instead. That is the definition, whatever the vector width.
/// </summary>
internal static unsafe class RowErrors<T>
    where T : unmanaged, ILanes<T>
{
    private const int Partials = 16;
    private const int Chunk = 128;
    private const int Kinds = 4;
    private const double SmallestSquare = 1e-16;
    private const double LargestSum = 1e30;

    /// <summary>Adds the sums of a row.</summary>
    /// <param name="weights">The original weights.</param>
    /// <param name="count">How many.</param>
    /// <param name="decoder">Decodes them.</param>
    /// <param name="groupSize">Weights of a group; a multiple of 16, or at least <paramref name="count"/>.</param>
    /// <param name="sums">Added to.</param>
    /// <typeparam name="TDecoder">The decoder.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TDecoder>(float* weights, int count, TDecoder decoder, int groupSize, ref ErrorSums sums)
        where TDecoder : struct, IRowDecoder
    {
        float* part = stackalloc float[Kinds * Partials];
        float* largest = stackalloc float[Partials];
        double* totals = stackalloc double[Kinds * Partials];
        new Span<float>(largest, Partials).Clear();
        new Span<double>(totals, Kinds * Partials).Clear();
        int group = 0;
        for (int first = 0; first < count; first += Chunk)
        {
            int end = Math.Min(first + Chunk, count);
            int whole = first + (end - first) / Partials * Partials;
            while (first - (long)group * groupSize >= groupSize) group++;
            for (int lane = 0; lane < Partials; lane += T.Count)
            {
                Partial sum = AddWhole(weights, first + lane, whole, decoder, groupSize, group, largest + lane);
                if (whole == end) sum.AddTo(totals + lane);
                else sum.Store(part + lane);
            }

            if (whole == end) continue;
            for (int i = whole; i < end; i++) AddOne(weights, i, decoder, i / groupSize, part + i - whole, largest + i - whole);
            for (int i = 0; i < Kinds * Partials; i += T.Count) T.AddTo(T.Load(part + i), totals + i);
        }

        ErrorSums row = Total(totals, largest);
        bool holds = row.Original >= SmallestSquare * count && row.Original <= LargestSum && row.Decoded <= LargestSum;
        if (!holds) row = Exact(weights, count, decoder, groupSize);
        sums.Add(row);
    }

    /// <summary>The largest error of a row alone, of which all weights are of one group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float LargestOf<TDecoder>(float* weights, int count, TDecoder decoder)
        where TDecoder : struct, IRowDecoder
    {
        GroupConstants<T> constants = decoder.Of<T>(0);
        T most = T.Of(0f);
        int i = 0;
        for (; i + T.Count <= count; i += T.Count) most = T.Max(most, T.Abs(T.Load(weights + i) - decoder.At(i, constants)));
        float rest = 0;
        for (; i < count; i++)
            rest = MathF.Max(rest, Lanes1.LargestOf(Lanes1.Abs(Lanes1.Load(weights + i) - decoder.At(i, decoder.Of<Lanes1>(0)))));
        return MathF.Max(rest, T.LargestOf(most));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ErrorSums Exact<TDecoder>(float* weights, int count, TDecoder decoder, int groupSize)
        where TDecoder : struct, IRowDecoder
    {
        ErrorSums sums = default;
        for (int i = 0; i < count; i++)
        {
            float decoded;
            Lanes1.Store(decoder.At(i, decoder.Of<Lanes1>(i / groupSize)), &decoded);
            double w = weights[i], v = decoded;
            float difference = weights[i] - decoded;
            sums.Product += w * v;
            sums.Original += w * w;
            sums.Decoded += v * v;
            sums.Error += (double)difference * difference;
            sums.LargestError = MathF.Max(sums.LargestError, MathF.Abs(difference));
        }

        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Partial AddWhole<TDecoder>(
        float* weights, int first, int end, TDecoder decoder, int groupSize, int group, float* largest)
        where TDecoder : struct, IRowDecoder
    {
        T product = T.Of(0f), original = product, decoded = product, error = product;
        T most = T.Load(largest);
        for (int i = first; i < end;)
        {
            int stop = (int)Math.Min(end, (group + 1L) * groupSize);
            GroupConstants<T> constants = decoder.Of<T>(group);
            for (; i < stop; i += Partials)
            {
                T w = T.Load(weights + i);
                T v = decoder.At(i, constants);
                product = T.MultiplyAdd(w, v, product);
                original = T.MultiplyAdd(w, w, original);
                T difference = w - v;
                decoded = T.MultiplyAdd(v, v, decoded);
                error = T.MultiplyAdd(difference, difference, error);
                most = T.Max(most, T.Abs(difference));
            }

            group++;
        }

        T.Store(most, largest);
        return new Partial { Product = product, Original = original, Decoded = decoded, Error = error };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddOne<TDecoder>(float* weights, int i, TDecoder decoder, int group, float* part, float* largest)
        where TDecoder : struct, IRowDecoder
    {
        Lanes1 w = Lanes1.Load(weights + i);
        Lanes1 v = decoder.At(i, decoder.Of<Lanes1>(group));
        Lanes1 difference = w - v;
        Lanes1.Store(Lanes1.MultiplyAdd(w, v, Lanes1.Load(part)), part);
        Lanes1.Store(Lanes1.MultiplyAdd(w, w, Lanes1.Load(part + Partials)), part + Partials);
        Lanes1.Store(Lanes1.MultiplyAdd(v, v, Lanes1.Load(part + 2 * Partials)), part + 2 * Partials);
        Lanes1.Store(Lanes1.MultiplyAdd(difference, difference, Lanes1.Load(part + 3 * Partials)), part + 3 * Partials);
        Lanes1.Store(Lanes1.Max(Lanes1.Load(largest), Lanes1.Abs(difference)), largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ErrorSums Total(double* totals, float* largest)
    {
        ErrorSums sums = default;
        for (int lane = 0; lane < Partials; lane++)
        {
            sums.Product += totals[lane];
            sums.Original += totals[Partials + lane];
            sums.Decoded += totals[2 * Partials + lane];
            sums.Error += totals[3 * Partials + lane];
            sums.LargestError = MathF.Max(sums.LargestError, largest[lane]);
        }

        return sums;
    }

    // The sums of some lanes over one chunk, each kind Partials apart in memory.
    private ref struct Partial
    {
        public T Product, Original, Decoded, Error;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void AddTo(double* totals)
        {
            T.AddTo(Product, totals);
            T.AddTo(Original, totals + Partials);
            T.AddTo(Decoded, totals + 2 * Partials);
            T.AddTo(Error, totals + 3 * Partials);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* part)
        {
            T.Store(Product, part);
            T.Store(Original, part + Partials);
            T.Store(Decoded, part + 2 * Partials);
            T.Store(Error, part + 3 * Partials);
        }
    }
}
