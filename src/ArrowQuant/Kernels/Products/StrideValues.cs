using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>The values of the groups of a stride, one for every 32 weights.</summary>
internal readonly unsafe struct StrideValues<T, TValues, TCut>
    where T : unmanaged, ILanes<T>
    where TValues : struct, IGroupValues<TValues, T>
    where TCut : struct, IStrideCut
{
    public readonly TValues V0;
    public readonly TValues V1;
    public readonly TValues V2;
    public readonly TValues V3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private StrideValues(TValues v0, TValues v1, TValues v2, TValues v3) => (V0, V1, V2, V3) = (v0, v1, v2, v3);

    /// <summary>Those of a stride that begins with a group; it may reach beyond the last one.</summary>
    /// <param name="grids">The grids of the row.</param>
    /// <param name="group">The group that the stride begins with.</param>
    /// <param name="last">The last group of the row.</param>
    /// <param name="lane">The first of the lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StrideValues<T, TValues, TCut> Of(RowGrids grids, nint group, nint last, int lane)
    {
        TValues v0 = TValues.Of(grids, group);
        if (TCut.Groups == 1) return new(v0, v0, v0, v0);
        TValues v1 = TValues.Of(grids, Math.Min(group + 1, last));
        if (TCut.Groups == 2) return new(v0, v0, v1, v1);
        TValues v2 = TValues.Of(grids, Math.Min(group + 2, last));
        TValues v3 = TValues.Of(grids, Math.Min(group + 3, last));
        if (TValues.Bits != 2) return new(v0, v1, v2, v3);
        TValues low = TValues.Halves(v0, v1, lane), high = TValues.Halves(v2, v3, lane);
        return new(low, low, high, high);
    }
}
