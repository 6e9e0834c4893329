using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>Decodes packed rows for products with many rows of activations (<see cref="TileProduct{T}"/>).</summary>
internal static unsafe class RowWeights<T, TValues, TCut>
    where T : unmanaged, ILanes<T>
    where TValues : struct, IGroupValues<TValues, T>
    where TCut : struct, IStrideCut
{
    private static int StrideBytes => PackedOrder.Stride / 8 * TValues.Bits;

    /// <summary>Decodes a row.</summary>
    /// <param name="codes">The row.</param>
    /// <param name="rowBytes">Its bytes; no more are read.</param>
    /// <param name="grids">The grids of its groups.</param>
    /// <param name="groups">How many there are.</param>
    /// <param name="perGroup">Strides to a group that is at least as long as one.</param>
    /// <param name="strides">Strides of the row, the last of which may reach beyond its end.</param>
    /// <param name="weights">The place of the row in [8 parts, strides, <see cref="TileProduct{T}.Rows"/>, 16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(byte* codes, nint rowBytes, RowGrids grids, nint groups, nint perGroup, nint strides, float* weights)
    {
        nint whole = rowBytes / StrideBytes;
        byte* last = stackalloc byte[StrideBytes];
        StrideRun run = new(whole, 0, groups - 1, perGroup);
        StrideRun end = StrideRun.End(whole, TCut.Groups, groups - 1, perGroup);
        if (whole < strides) StrideRun.CopyEnd(codes, rowBytes, last, StrideBytes);
        for (int lane = 0; lane < PartialSums.Lanes; lane += T.Count)
        {
            Decode(codes, run, grids, lane, strides, weights + lane);
            if (whole < strides) Decode(last, end, grids, lane, strides, weights + whole * TileProduct<T>.Step + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Decode(byte* codes, StrideRun run, RowGrids grids, int lane, nint partStrides, float* weights)
    {
        byte* c = codes + (TValues.Bits == 32 ? lane * sizeof(float) : lane);
        nint strides = run.Count, group = run.Group, part = partStrides * TileProduct<T>.Step;
        while (strides > 0)
        {
            StrideValues<T, TValues, TCut> values = StrideValues<T, TValues, TCut>.Of(grids, group, run.LastGroup, lane);
            nint left = TCut.Groups == 1 ? Math.Min(strides, run.PerGroup) : 1;
            strides -= left;
            group += TCut.Groups;
            for (; left > 0; left--)
            {
                T.Store(values.V0.Weights(c, 0), weights);
                T.Store(values.V0.Weights(c, 1), weights + part);
                T.Store(values.V1.Weights(c, 2), weights + 2 * part);
                T.Store(values.V1.Weights(c, 3), weights + 3 * part);
                T.Store(values.V2.Weights(c, 4), weights + 4 * part);
                T.Store(values.V2.Weights(c, 5), weights + 5 * part);
                T.Store(values.V3.Weights(c, 6), weights + 6 * part);
                T.Store(values.V3.Weights(c, 7), weights + 7 * part);
                c += StrideBytes;
                weights += TileProduct<T>.Step;
            }
        }
    }
}
