using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Gives the decoded weights of one row, a few lanes at a time.</summary>
internal unsafe interface IRowDecoder
{
    /// <summary>The weights that begin at <paramref name="index"/> of the row, all of group <paramref name="group"/>.</summary>
    TLanes At<TLanes>(int index, int group)
        where TLanes : unmanaged, ILanes<TLanes>;
}

/// <summary>Weights that are decoded already.</summary>
internal readonly unsafe struct DecodedRow(float* values) : IRowDecoder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, int group)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load(values + index);
}

/// <summary><c>w = (q - zeroPoint) * scale</c>, one rounding per operation.</summary>
internal readonly unsafe struct AffineRow(byte* codes, float* scales, float* zeroPoints) : IRowDecoder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        (TLanes.LoadBytes(codes + index) - TLanes.Of(zeroPoints[group])) * TLanes.Of(scales[group]);
}

/// <summary>
/// <c>w = (mu ± a1) ± a2</c>, code bit 1 for +a1, bit 0 for +a2, one rounding per operation.
/// </summary>
/// <param name="codes">The codes of the row.</param>
/// <param name="tables">Four values per group, ascending.</param>
internal readonly unsafe struct LatticeRow(byte* codes, float* tables) : IRowDecoder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, int group)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LookUp(codes + index, tables + 4 * (nint)group);
}
