using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Inner products of packed rows with activations. Both are in the order of <see cref="PackedOrder"/>; the weight at place p is multiplied
/// with its activation and added, with one rounding, to partial sum p mod 128. Then partial sums that are 16 apart are added:
/// <c>((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))</c>, and the sixteen that are left are folded in halves: l and l + 8, l + 4, l + 2,
/// l + 1. That is the definition, whatever the vector width. Activations behind the end of a row are zeros.
/// </summary>
internal static unsafe class PackedProduct<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Partial sums that a row leaves in memory before they are folded.</summary>
    public const int Lanes = 16;

    private const int Stride = PackedOrder.Stride;

    /// <summary>Multiplies one row.</summary>
    /// <typeparam name="TGrid">Decodes it.</typeparam>
    /// <typeparam name="TCut">How strides are cut into groups.</typeparam>
    /// <param name="codes">The row.</param>
    /// <param name="rowBytes">Its bytes; no more are read.</param>
    /// <param name="grid">The grids of its groups.</param>
    /// <param name="groups">How many there are.</param>
    /// <param name="stridesPerGroup">Strides to a group that is at least as long as one.</param>
    /// <param name="activations">The activations, in order, filled up with zeros.</param>
    /// <param name="sums">Receives <see cref="Lanes"/> partial sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<TGrid, TCut>(
        byte* codes, nint rowBytes, TGrid grid, int groups, int stridesPerGroup, float* activations, float* sums)
        where TGrid : struct, ICodeGrid<TGrid>
        where TCut : struct, IStrideCut
    {
        nint strideBytes = Stride / 8 * TGrid.Bits;
        byte* last = stackalloc byte[Stride / 8 * TGrid.Bits];
        nint whole = rowBytes / strideBytes;
        nint strides = (rowBytes + strideBytes - 1) / strideBytes;
        if (strides > whole) CopyLast(codes + whole * strideBytes, rowBytes - whole * strideBytes, last, strideBytes);
        for (int lane = 0; lane < Lanes; lane += T.Count)
        {
            T a0 = T.Of(0f), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
            float* x = activations + lane;
            int group = 0, left = stridesPerGroup;
            for (nint s = 0; s < strides; s++)
            {
                byte* c = s < whole ? codes + s * strideBytes : last;
                GroupGrid<T> g0 = grid.At<T>(group), g1 = g0, g2 = g0, g3 = g0;
                if (TCut.Groups == 2)
                {
                    g2 = g3 = grid.At<T>(Math.Min(group + 1, groups - 1));
                }
                else if (TCut.Groups == 4)
                {
                    g1 = grid.At<T>(Math.Min(group + 1, groups - 1));
                    g2 = grid.At<T>(Math.Min(group + 2, groups - 1));
                    g3 = grid.At<T>(Math.Min(group + 3, groups - 1));
                }

                if (TCut.Groups > 1)
                {
                    group += TCut.Groups;
                }
                else if (--left == 0)
                {
                    group++;
                    left = stridesPerGroup;
                }

                if (TGrid.Bits == 2)
                {
                    T low = T.LoadByteBits(c + lane);
                    T high = T.LoadByteBits(c + 16 + lane);
                    GroupGrid<T> lowGrid = TCut.Groups == 4 ? Half(g0, g1, lane) : g0;
                    GroupGrid<T> highGrid = TCut.Groups == 4 ? Half(g2, g3, lane) : g2;
                    a0 = T.MultiplyAdd(TGrid.Decode(low, lowGrid), T.Load(x), a0);
                    a1 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(low, 2), lowGrid), T.Load(x + 16), a1);
                    a2 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(low, 4), lowGrid), T.Load(x + 32), a2);
                    a3 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(low, 6), lowGrid), T.Load(x + 48), a3);
                    a4 = T.MultiplyAdd(TGrid.Decode(high, highGrid), T.Load(x + 64), a4);
                    a5 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(high, 2), highGrid), T.Load(x + 80), a5);
                    a6 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(high, 4), highGrid), T.Load(x + 96), a6);
                    a7 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(high, 6), highGrid), T.Load(x + 112), a7);
                }
                else if (TGrid.Bits == 4)
                {
                    T b0 = T.LoadByteBits(c + lane);
                    T b1 = T.LoadByteBits(c + 16 + lane);
                    T b2 = T.LoadByteBits(c + 32 + lane);
                    T b3 = T.LoadByteBits(c + 48 + lane);
                    a0 = T.MultiplyAdd(TGrid.Decode(b0, g0), T.Load(x), a0);
                    a1 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(b0, 4), g0), T.Load(x + 16), a1);
                    a2 = T.MultiplyAdd(TGrid.Decode(b1, g1), T.Load(x + 32), a2);
                    a3 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(b1, 4), g1), T.Load(x + 48), a3);
                    a4 = T.MultiplyAdd(TGrid.Decode(b2, g2), T.Load(x + 64), a4);
                    a5 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(b2, 4), g2), T.Load(x + 80), a5);
                    a6 = T.MultiplyAdd(TGrid.Decode(b3, g3), T.Load(x + 96), a6);
                    a7 = T.MultiplyAdd(TGrid.Decode(T.ShiftRight(b3, 4), g3), T.Load(x + 112), a7);
                }
                else
                {
                    a0 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane), g0), T.Load(x), a0);
                    a1 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 16), g0), T.Load(x + 16), a1);
                    a2 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 32), g1), T.Load(x + 32), a2);
                    a3 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 48), g1), T.Load(x + 48), a3);
                    a4 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 64), g2), T.Load(x + 64), a4);
                    a5 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 80), g2), T.Load(x + 80), a5);
                    a6 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 96), g3), T.Load(x + 96), a6);
                    a7 = T.MultiplyAdd(TGrid.Decode(Weights<TGrid>(c, lane + 112), g3), T.Load(x + 112), a7);
                }

                x += Stride;
            }

            T.Store(((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)), sums + lane);
        }
    }

    /// <summary>Folds the partial sums of rows.</summary>
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Weights<TGrid>(byte* codes, int index)
        where TGrid : struct, ICodeGrid<TGrid> => TGrid.Bits == 32 ? T.Load((float*)codes + index) : T.LoadByteBits(codes + index);

    // Two groups of 32 codes of 2 bits lie in the two halves of sixteen bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GroupGrid<T> Half(GroupGrid<T> low, GroupGrid<T> high, int lane) => T.Count == Lanes
        ? new(T.Halves(low.First, high.First), default, default)
        : lane < Lanes / 2 ? low : high;

    // What is not there decodes to anything finite and meets activations of zero.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CopyLast(byte* source, nint count, byte* target, nint length)
    {
        new Span<byte>(target, (int)length).Clear();
        Buffer.MemoryCopy(source, target, length, count);
    }
}

/// <summary>How 128 weights are cut into groups.</summary>
internal interface IStrideCut
{
    /// <summary>Groups in 128 weights: 4, 2, or 1 when groups are multiples of it, or the whole row.</summary>
    static abstract int Groups { get; }
}

/// <summary>Groups are multiples of 128 weights.</summary>
internal readonly struct OneGroup : IStrideCut
{
    public static int Groups => 1;
}

/// <summary>Groups of 64 weights.</summary>
internal readonly struct TwoGroups : IStrideCut
{
    public static int Groups => 2;
}

/// <summary>Groups of 32 weights.</summary>
internal readonly struct FourGroups : IStrideCut
{
    public static int Groups => 4;
}
