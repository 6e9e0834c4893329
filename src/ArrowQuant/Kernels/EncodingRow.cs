using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// Codes the weights of an affine row as they are asked for, each once, and gives what the codes decode to: so a row is coded and measured
/// in one pass.
/// </summary>
/// <param name="weights">The row.</param>
/// <param name="codes">Receives its codes.</param>
/// <param name="grids">Scales, then zero points, then 1 / scale, [3, groups]; every one of them a normal number or zero.</param>
/// <param name="groups">Groups of the row.</param>
/// <param name="last">The largest code.</param>
internal readonly unsafe struct EncodingRow(float* weights, byte* codes, float* grids, int groups, float last) : IRowDecoder
{
    /// <summary>
    /// The smallest and the largest scale for which <c>w * (1 / scale) + zeroPoint</c> gives the code that the definition gives in units
    /// where the scale is near 1: the inverse is exact to the same bit, and a product that vanishes is far below half a code.
    /// </summary>
    public const float SmallestScale = 1e-30f, LargestScale = 1e30f;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupConstants<TLanes> Of<TLanes>(int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        new()
        {
            Scale = TLanes.Of(grids[group]),
            ZeroPoint = TLanes.Of(grids[groups + group]),
            Inverse = TLanes.Of(grids[2 * groups + group]),
        };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TLanes At<TLanes>(int index, GroupConstants<TLanes> group)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes position = TLanes.MultiplyAdd(TLanes.Load(weights + index), group.Inverse, group.ZeroPoint);
        TLanes code = TLanes.Min(TLanes.Max(TLanes.Round(position), TLanes.Of(0f)), TLanes.Of(last));
        TLanes.StoreBytes(code, codes + index);
        return (code - group.ZeroPoint) * group.Scale;
    }
}
