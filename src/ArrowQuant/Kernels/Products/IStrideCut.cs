namespace ArrowQuant.Kernels.Products;

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
