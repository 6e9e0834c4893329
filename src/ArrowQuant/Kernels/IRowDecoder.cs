using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Gives the decoded weights of one row, a few lanes at a time.</summary>
internal unsafe interface IRowDecoder
{
    /// <summary>What all weights of a group are decoded with.</summary>
    GroupConstants<TLanes> Of<TLanes>(int group)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>The weights that begin at <paramref name="index"/> of the row, all of the group that the constants belong to.</summary>
    TLanes At<TLanes>(int index, GroupConstants<TLanes> group)
        where TLanes : unmanaged, ILanes<TLanes>;
}

/// <summary>What a loop over a group keeps in registers.</summary>
internal unsafe struct GroupConstants<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>The scale of an affine group.</summary>
    public TLanes Scale;

    /// <summary>Its zero point.</summary>
    public TLanes ZeroPoint;

    /// <summary>The four values of a lattice group.</summary>
    public float* Table;
}

/// <summary>Weights that are decoded already.</summary>
internal readonly unsafe struct DecodedRow(float* values) : IRowDecoder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupConstants<TLanes> Of<TLanes>(int group)
        where TLanes : unmanaged, ILanes<TLanes> => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, GroupConstants<TLanes> group)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load(values + index);
}

/// <summary><c>w = (q - zeroPoint) * scale</c>, one rounding per operation.</summary>
internal readonly unsafe struct AffineRow(byte* codes, float* scales, float* zeroPoints) : IRowDecoder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupConstants<TLanes> Of<TLanes>(int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        new() { Scale = TLanes.Of(scales[group]), ZeroPoint = TLanes.Of(zeroPoints[group]) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, GroupConstants<TLanes> group)
        where TLanes : unmanaged, ILanes<TLanes> => (TLanes.LoadBytes(codes + index) - group.ZeroPoint) * group.Scale;
}

/// <summary>
/// <c>w = (mu ± a1) ± a2</c>, code bit 1 for +a1, bit 0 for +a2, one rounding per operation.
/// </summary>
/// <param name="codes">The codes of the row.</param>
/// <param name="tables">Four values per group, ascending.</param>
internal readonly unsafe struct LatticeRow(byte* codes, float* tables) : IRowDecoder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupConstants<TLanes> Of<TLanes>(int group)
        where TLanes : unmanaged, ILanes<TLanes> => new() { Table = tables + 4 * (nint)group };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, GroupConstants<TLanes> group)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LookUp(codes + index, group.Table);
}
