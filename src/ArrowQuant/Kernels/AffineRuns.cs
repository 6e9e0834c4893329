using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Takes the sums of <see cref="CodedSums"/> over an affine row, coding it in the same pass where it has no codes yet. Weight i of a run
/// goes to partial sum i mod 16, with one rounding for a product and its addition. That is the definition, whatever the vector
/// width.
/// </summary>
internal static unsafe class AffineRuns<T>
    where T : unmanaged, ILanes<T>
{
    private const int Partials = CodedSums.Partials;

    // Inverses of such scales are exact to the same bit as in units where the scale is near 1, and squares are normal numbers.
    private const float SmallestScale = 1e-15f, LargestScale = 1e15f;

    /// <summary>Whether all scales are 0 or such that the sums and codes of their groups can be found as it is done here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool CanTake(float* scales, int count)
    {
        T small = T.Of(0f);
        int i = 0;
        bool ordered = true;
        for (; i + T.Count <= count; i += T.Count)
        {
            T scale = T.Load(scales + i);
            ordered &= T.AllGreaterOrEqual(T.Of(LargestScale), scale);
            small = T.Max(small, T.Select(T.GreaterThan(T.Of(SmallestScale), scale), T.Abs(scale), T.Of(0f)));
        }

        for (; i < count; i++)
            ordered &= scales[i] <= LargestScale && (scales[i] == 0 || scales[i] >= SmallestScale);
        return ordered && T.AllGreaterOrEqual(T.Of(0f), small);
    }

    /// <summary>Codes a row and takes its sums.</summary>
    /// <param name="weights">The row.</param>
    /// <param name="count">How many.</param>
    /// <param name="groupSize">Weights of a group; a multiple of 16, or at least <paramref name="count"/>.</param>
    /// <param name="references">The reference scale of every group.</param>
    /// <param name="scales">
    /// The scale of every group; where it is <paramref name="references"/> itself, a bound takes the place of the largest error.
    /// </param>
    /// <param name="zeroPoints">One per group.</param>
    /// <param name="last">The largest code.</param>
    /// <param name="codes">Receives the codes.</param>
    /// <param name="sums">[runs, kinds, partials].</param>
    /// <param name="largest">The largest error of every group, or a bound for it.</param>
    /// <param name="ahead">What is read next: it is brought near in the meantime.</param>
    public static void Code(
        float* weights, int count, int groupSize, float* references, float* scales, float* zeroPoints, float last, byte* codes,
        float* sums, float* largest, ReadAhead ahead)
    {
        if (references == scales)
            Take<NearestCodes, SameScale>(weights, count, groupSize, references, scales, zeroPoints, last, codes, sums, largest, ahead);
        else
            Take<NearestCodes, OtherScale>(weights, count, groupSize, references, scales, zeroPoints, last, codes, sums, largest, ahead);
    }

    /// <summary>Takes the sums of a row that is coded.</summary>
    public static void Measure(
        float* weights, int count, int groupSize, float* references, float* scales, float* zeroPoints, byte* codes,
        float* sums, float* largest) =>
        Take<GivenCodes, OtherScale>(weights, count, groupSize, references, scales, zeroPoints, 0, codes, sums, largest, default);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take<TCodes, TScales>(
        float* weights, int count, int groupSize, float* references, float* scales, float* zeroPoints, float last, byte* codes,
        float* sums, float* largest, ReadAhead ahead)
        where TCodes : struct, ICodesOf
        where TScales : struct, IScales
    {
        int group = 0;
        for (int first = 0; first < count; group++)
        {
            Scalars grid = Scalars.Of(references, scales, zeroPoints, group, last);
            Grid<T> lanes = Grid<T>.Of(grid);
            T most = T.Of(0f);
            int end = (int)Math.Min(count, first + (long)groupSize);
            while (first < end)
            {
                int length = Math.Min(CodedSums.RunLength, end - first);
                int whole = length / Partials * Partials;
                ahead.Fetch(length);
                for (int lane = 0; lane < Partials; lane += T.Count)
                {
                    var total = new Partial<T> { Largest = most };
                    for (int i = lane; i < whole; i += Partials)
                        total = total.With<TCodes, TScales>(T.Load(weights + first + i), lanes, codes + first + i);
                    total.Store(sums + lane);
                    most = total.Largest;
                }

                first += length;
                sums += CodedSums.Kinds * Partials;
            }

            largest[group] = TScales.AreReferences ? MostOf(grid) : T.LargestOf(most);
        }

        // Only the last run of a row can have a rest; behind the loop, since a call in it would take its registers.
        int rest = count % Partials;
        if (rest == 0) return;
        Scalars lastGrid = Scalars.Of(references, scales, zeroPoints, --group, last);
        float own = Rest<TCodes, TScales>(
            weights + count - rest, rest, lastGrid, codes + count - rest, sums - CodedSums.Kinds * Partials);
        largest[group] = MathF.Max(largest[group], own);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Rest<TCodes, TScales>(float* weights, int count, Scalars scalars, byte* codes, float* part)
        where TCodes : struct, ICodesOf
        where TScales : struct, IScales
    {
        Grid<Lanes1> grid = Grid<Lanes1>.Of(scalars);
        Lanes1 most = Lanes1.Of(0f);
        for (int i = 0; i < count; i++)
        {
            Partial<Lanes1> total = Partial<Lanes1>.Load(part + i, most).With<TCodes, TScales>(Lanes1.Load(weights + i), grid, codes + i);
            total.Store(part + i);
            most = total.Largest;
        }

        return Lanes1.LargestOf(most);
    }

    // What no error exceeds where codes are the nearest ones of the group's range: half a code, and as much as the end of the range moves
    // by the rounding of a stored scale to 11 bits.
    private static float MostOf(Scalars grid) => grid.Scale * (0.501f + 2.5e-4f * grid.Last);

    private struct Scalars
    {
        public float Reference, Scale, ZeroPoint, Last;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Scalars Of(float* references, float* scales, float* zeroPoints, int group, float last) =>
            new() { Reference = references[group], Scale = scales[group], ZeroPoint = zeroPoints[group], Last = last };
    }

    private struct Grid<TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        public TLanes Inverse, ZeroPoint, NegativeReference, NegativeScale, Last;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Grid<TLanes> Of(Scalars scalars) => new()
        {
            Inverse = TLanes.Of(scalars.Scale == 0 ? 0 : 1f / scalars.Scale),
            ZeroPoint = TLanes.Of(scalars.ZeroPoint),
            NegativeReference = TLanes.Of(-scalars.Reference),
            NegativeScale = TLanes.Of(-scalars.Scale),
            Last = TLanes.Of(scalars.Last),
        };
    }

    // The partial sums of some lanes, each kind Partials apart in memory, and the largest error so far.
    private struct Partial<TLanes>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        public TLanes Error, Slope, Energy, Largest;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Partial<TLanes> Load(float* part, TLanes largest) => new()
        {
            Error = TLanes.Load(part),
            Slope = TLanes.Load(part + Partials),
            Energy = TLanes.Load(part + 2 * Partials),
            Largest = largest,
        };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* part)
        {
            TLanes.Store(Error, part);
            TLanes.Store(Slope, part + Partials);
            TLanes.Store(Energy, part + 2 * Partials);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Partial<TLanes> With<TCodes, TScales>(TLanes w, Grid<TLanes> grid, byte* codes)
            where TCodes : struct, ICodesOf
            where TScales : struct, IScales
        {
            TLanes level = TCodes.Of(w, grid.Inverse, grid.ZeroPoint, grid.Last, codes) - grid.ZeroPoint;
            TLanes error = TLanes.MultiplyAdd(grid.NegativeReference, level, w);
            return new()
            {
                Error = TLanes.MultiplyAdd(error, error, Error),
                Slope = TLanes.MultiplyAdd(error, level, Slope),
                Energy = TLanes.MultiplyAdd(level, level, Energy),
                Largest = TScales.AreReferences
                    ? Largest
                    : TLanes.Max(Largest, TLanes.Abs(TLanes.MultiplyAdd(grid.NegativeScale, level, w))),
            };
        }
    }

    private interface IScales
    {
        static abstract bool AreReferences { get; }
    }

    private readonly struct SameScale : IScales
    {
        public static bool AreReferences => true;
    }

    private readonly struct OtherScale : IScales
    {
        public static bool AreReferences => false;
    }
}
