using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// The inner product of a packed row with activations. Both are in the order of <see cref="PackedOrder"/>; the weight at place p is
/// multiplied with its activation and added, with one rounding, to partial sum p mod 128. Then partial sums that are 16 apart are added:
/// <c>((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))</c>, and the sixteen that are left are folded in halves: l and l + 8, l + 4, l + 2,
/// l + 1. That is the definition, whatever the vector width. Activations behind the end of a row are zeros.
/// </summary>
/// <typeparam name="T">The lanes.</typeparam>
/// <typeparam name="TValues">Decodes the codes.</typeparam>
/// <typeparam name="TCut">How strides are cut into groups.</typeparam>
internal static unsafe class RowProduct<T, TValues, TCut>
    where T : unmanaged, ILanes<T>
    where TValues : struct, IGroupValues<TValues, T>
    where TCut : struct, IStrideCut
{
    private const int Lanes = PartialSums.Lanes;
    private const int Stride = PackedOrder.Stride;

    // Codes are asked for this many bytes before they are needed: a row or so.
    private const int Ahead = 2048;

    private static int StrideBytes => Stride / 8 * TValues.Bits;

    /// <summary>Multiplies a row.</summary>
    /// <param name="codes">The row.</param>
    /// <param name="rowBytes">Its bytes; no more are read.</param>
    /// <param name="grids">The grids of its groups.</param>
    /// <param name="groups">How many there are.</param>
    /// <param name="perGroup">Strides to a group that is at least as long as one.</param>
    /// <param name="x">The activations, in order, filled up with zeros.</param>
    /// <param name="sums">Receives <see cref="PartialSums.Lanes"/> sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* codes, nint rowBytes, RowGrids grids, nint groups, nint perGroup, float* x, float* sums)
    {
        nint whole = rowBytes / StrideBytes;
        if (whole * StrideBytes < rowBytes)
        {
            MultiplyPartly(codes, rowBytes, grids, groups, perGroup, x, sums);
            return;
        }

        StrideRun run = new(whole, 0, groups - 1, perGroup);
        for (int lane = 0; lane < Lanes; lane += T.Count) Add(codes, run, grids, lane, x, null, null, sums + lane);
    }

    // The last stride is not whole: what is not there decodes to anything finite and meets activations of zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void MultiplyPartly(byte* codes, nint rowBytes, RowGrids grids, nint groups, nint perGroup, float* x, float* sums)
    {
        float* partial = stackalloc float[Stride];
        byte* last = stackalloc byte[StrideBytes];
        nint whole = rowBytes / StrideBytes;
        StrideRun.CopyEnd(codes, rowBytes, last, StrideBytes);
        StrideRun run = new(whole, 0, groups - 1, perGroup);
        StrideRun end = StrideRun.End(whole, TCut.Groups, groups - 1, perGroup);
        for (int lane = 0; lane < Lanes; lane += T.Count)
        {
            Add(codes, run, grids, lane, x, null, partial + lane, null);
            Add(last, end, grids, lane, x + whole * Stride, partial + lane, null, sums + lane);
        }
    }

    // Adds strides to partial sums, for the lanes from the given one on: from zero or from those of earlier strides, and to be gone on with
    // or to be summed up.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add(byte* codes, StrideRun run, RowGrids grids, int lane, float* x, float* from, float* to, float* sums)
    {
        byte* c = codes + (TValues.Bits == 32 ? lane * sizeof(float) : lane);
        nint strides = run.Count, group = run.Group, lastGroup = run.LastGroup, perGroup = run.PerGroup;
        T a0 = T.Of(0f), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        x += lane;
        if (from != null)
        {
            a0 = T.Load(from);
            a1 = T.Load(from + 16);
            a2 = T.Load(from + 32);
            a3 = T.Load(from + 48);
            a4 = T.Load(from + 64);
            a5 = T.Load(from + 80);
            a6 = T.Load(from + 96);
            a7 = T.Load(from + 112);
        }

        while (strides > 0)
        {
            StrideValues<T, TValues, TCut> values = StrideValues<T, TValues, TCut>.Of(grids, group, lastGroup, lane);
            nint left = TCut.Groups == 1 ? Math.Min(strides, perGroup) : 1;
            strides -= left;
            group += TCut.Groups;
            for (; left > 0; left--)
            {
                if (Sse.IsSupported) Sse.Prefetch0(c + Ahead);
                a0 = T.MultiplyAdd(values.V0.Weights(c, 0), T.Load(x), a0);
                a1 = T.MultiplyAdd(values.V0.Weights(c, 1), T.Load(x + 16), a1);
                a2 = T.MultiplyAdd(values.V1.Weights(c, 2), T.Load(x + 32), a2);
                a3 = T.MultiplyAdd(values.V1.Weights(c, 3), T.Load(x + 48), a3);
                a4 = T.MultiplyAdd(values.V2.Weights(c, 4), T.Load(x + 64), a4);
                a5 = T.MultiplyAdd(values.V2.Weights(c, 5), T.Load(x + 80), a5);
                a6 = T.MultiplyAdd(values.V3.Weights(c, 6), T.Load(x + 96), a6);
                a7 = T.MultiplyAdd(values.V3.Weights(c, 7), T.Load(x + 112), a7);
                c += StrideBytes;
                x += Stride;
            }
        }

        if (to == null)
        {
            T.Store(((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)), sums);
            return;
        }

        T.Store(a0, to);
        T.Store(a1, to + 16);
        T.Store(a2, to + 32);
        T.Store(a3, to + 48);
        T.Store(a4, to + 64);
        T.Store(a5, to + 80);
        T.Store(a6, to + 96);
        T.Store(a7, to + 112);
    }
}
