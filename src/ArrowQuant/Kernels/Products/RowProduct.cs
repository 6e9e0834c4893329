using System.Runtime.CompilerServices;
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
    /// <summary>Sums that a row leaves in memory before they are folded.</summary>
    public const int Lanes = 16;

    private const int Stride = PackedOrder.Stride;

    private static int StrideBytes => Stride / 8 * TValues.Bits;

    /// <summary>Multiplies a row.</summary>
    /// <param name="codes">The row.</param>
    /// <param name="rowBytes">Its bytes; no more are read.</param>
    /// <param name="grids">The grids of its groups.</param>
    /// <param name="groups">How many there are.</param>
    /// <param name="perGroup">Strides to a group that is at least as long as one.</param>
    /// <param name="x">The activations, in order, filled up with zeros.</param>
    /// <param name="sums">Receives <see cref="Lanes"/> sums.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* codes, nint rowBytes, RowGrids grids, nint groups, nint perGroup, float* x, float* sums)
    {
        nint whole = rowBytes / StrideBytes;
        nint rest = rowBytes - whole * StrideBytes;
        float* partial = stackalloc float[Stride];
        byte* last = stackalloc byte[StrideBytes];
        if (rest > 0)
        {
            // What is not there decodes to anything finite and meets activations of zero.
            Unsafe.InitBlock(last, 0, (uint)StrideBytes);
            Buffer.MemoryCopy(codes + whole * StrideBytes, last, StrideBytes, rest);
        }

        for (int lane = 0; lane < Lanes; lane += T.Count)
        {
            Add(codes, whole, 0, groups - 1, perGroup, grids, lane, x, partial, true);
            if (rest > 0)
            {
                nint group = TCut.Groups > 1 ? whole * TCut.Groups : whole / perGroup;
                Add(last, 1, group, groups - 1, 1, grids, lane, x + whole * Stride, partial, false);
            }

            float* p = partial + lane;
            T low = (T.Load(p) + T.Load(p + 16)) + (T.Load(p + 32) + T.Load(p + 48));
            T high = (T.Load(p + 64) + T.Load(p + 80)) + (T.Load(p + 96) + T.Load(p + 112));
            T.Store(low + high, sums + lane);
        }
    }

    /// <summary>Folds the sums of rows.</summary>
    /// <param name="sums">[rows, <see cref="Lanes"/>].</param>
    /// <param name="rows">How many.</param>
    /// <param name="results">[rows].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fold(float* sums, int rows, float* results)
    {
        for (int r = 0; r < rows; r++)
        {
            float* s = sums + r * Lanes;
            float a = (s[0] + s[8]) + (s[4] + s[12]), b = (s[1] + s[9]) + (s[5] + s[13]);
            float c = (s[2] + s[10]) + (s[6] + s[14]), d = (s[3] + s[11]) + (s[7] + s[15]);
            results[r] = (a + c) + (b + d);
        }
    }

    // Strides from the first of a group on, or a single one; lanes from the given one on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add(
        byte* codes, nint strides, nint group, nint lastGroup, nint perGroup, RowGrids grids, int lane, float* x, float* partial, bool first)
    {
        x += lane;
        partial += lane;
        byte* c = codes + (TValues.Bits == 32 ? lane * sizeof(float) : lane);
        T a0 = T.Of(0f), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        if (!first)
        {
            a0 = T.Load(partial);
            a1 = T.Load(partial + 16);
            a2 = T.Load(partial + 32);
            a3 = T.Load(partial + 48);
            a4 = T.Load(partial + 64);
            a5 = T.Load(partial + 80);
            a6 = T.Load(partial + 96);
            a7 = T.Load(partial + 112);
        }

        while (strides > 0)
        {
            TValues v0 = TValues.Of(grids, group), v1 = v0, v2 = v0, v3 = v0;
            nint left = 1;
            if (TCut.Groups == 1)
            {
                left = Math.Min(strides, perGroup);
            }
            else if (TCut.Groups == 2)
            {
                v2 = v3 = TValues.Of(grids, Math.Min(group + 1, lastGroup));
            }
            else
            {
                v1 = TValues.Of(grids, Math.Min(group + 1, lastGroup));
                v2 = TValues.Of(grids, Math.Min(group + 2, lastGroup));
                v3 = TValues.Of(grids, Math.Min(group + 3, lastGroup));
                if (TValues.Bits == 2)
                {
                    v0 = v1 = TValues.Halves(v0, v1, lane);
                    v2 = v3 = TValues.Halves(v2, v3, lane);
                }
            }

            strides -= left;
            group += TCut.Groups;
            for (; left > 0; left--)
            {
                a0 = T.MultiplyAdd(v0.Weights(c, 0), T.Load(x), a0);
                a1 = T.MultiplyAdd(v0.Weights(c, 1), T.Load(x + 16), a1);
                a2 = T.MultiplyAdd(v1.Weights(c, 2), T.Load(x + 32), a2);
                a3 = T.MultiplyAdd(v1.Weights(c, 3), T.Load(x + 48), a3);
                a4 = T.MultiplyAdd(v2.Weights(c, 4), T.Load(x + 64), a4);
                a5 = T.MultiplyAdd(v2.Weights(c, 5), T.Load(x + 80), a5);
                a6 = T.MultiplyAdd(v3.Weights(c, 6), T.Load(x + 96), a6);
                a7 = T.MultiplyAdd(v3.Weights(c, 7), T.Load(x + 112), a7);
                c += StrideBytes;
                x += Stride;
            }
        }

        T.Store(a0, partial);
        T.Store(a1, partial + 16);
        T.Store(a2, partial + 32);
        T.Store(a3, partial + 48);
        T.Store(a4, partial + 64);
        T.Store(a5, partial + 80);
        T.Store(a6, partial + 96);
        T.Store(a7, partial + 112);
    }
}
