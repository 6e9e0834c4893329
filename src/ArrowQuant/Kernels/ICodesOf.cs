using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>Where the codes of a row come from; a constant of the compiled kernel.</summary>
internal unsafe interface ICodesOf
{
    /// <summary>The codes of some weights.</summary>
    static abstract TLanes Of<TLanes>(TLanes w, TLanes inverse, TLanes zeroPoint, TLanes last, byte* codes)
        where TLanes : unmanaged, ILanes<TLanes>;
}

/// <summary>The nearest codes, which are stored.</summary>
internal readonly unsafe struct NearestCodes : ICodesOf
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes w, TLanes inverse, TLanes zeroPoint, TLanes last, byte* codes)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes position = TLanes.MultiplyAdd(w, inverse, zeroPoint);
        TLanes code = TLanes.Min(TLanes.Max(TLanes.Round(position), TLanes.Of(0f)), last);
        TLanes.StoreBytes(code, codes);
        return code;
    }
}

/// <summary>Codes that are there.</summary>
internal readonly unsafe struct GivenCodes : ICodesOf
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes w, TLanes inverse, TLanes zeroPoint, TLanes last, byte* codes)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.LoadBytes(codes);
}
