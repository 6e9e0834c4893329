using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Decodes packed codes in registers, with the arithmetic of <see cref="KernelSet.DecodeAffine"/> and <see cref="KernelSet.DecodeLattice"/>:
/// where a vector holds all values of a group these are looked up, else they are computed; the bits are the same.
/// </summary>
internal interface ICodeGrid<TSelf>
    where TSelf : struct, ICodeGrid<TSelf>
{
    /// <summary>Bits of a code: 2, 4 or 8; 32 for weights that are decoded already.</summary>
    static abstract int Bits { get; }

    /// <summary>The grids of a row, given those of all rows and the number of groups before it.</summary>
    TSelf From(nint group);

    /// <summary>The grid of group <paramref name="group"/> of the row.</summary>
    GroupGrid<T> At<T>(int group)
        where T : unmanaged, ILanes<T>;

    /// <summary>The weights of the codes that are the lowest bits of every lane; the bits above them are anything.</summary>
    static abstract T Decode<T>(T bits, GroupGrid<T> grid)
        where T : unmanaged, ILanes<T>;
}

/// <summary>8 bits: <c>w = (q - zeroPoint) * scale</c>.</summary>
internal readonly unsafe struct AffineBytes(float* scales, float* zeroPoints) : ICodeGrid<AffineBytes>
{
    public static int Bits => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AffineBytes From(nint group) => new(scales + group, zeroPoints + group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupGrid<T> At<T>(int group)
        where T : unmanaged, ILanes<T> => new(T.Of(scales[group]), T.Of(zeroPoints[group]), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Decode<T>(T bits, GroupGrid<T> grid)
        where T : unmanaged, ILanes<T> => (T.ToValues(bits) - grid.Second) * grid.First;
}

/// <summary>4 bits: <c>w = (q - zeroPoint) * scale</c>, all sixteen values in a vector where it is that wide.</summary>
internal readonly unsafe struct AffineNibbles(float* scales, float* zeroPoints) : ICodeGrid<AffineNibbles>
{
    public static int Bits => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AffineNibbles From(nint group) => new(scales + group, zeroPoints + group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupGrid<T> At<T>(int group)
        where T : unmanaged, ILanes<T>
    {
        T scale = T.Of(scales[group]), zero = T.Of(zeroPoints[group]);
        return T.Count >= 16 ? new((T.Ramp - zero) * scale, default, default) : new(scale, zero, default);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Decode<T>(T bits, GroupGrid<T> grid)
        where T : unmanaged, ILanes<T> => T.Count >= 16
            ? T.Permute(grid.First, bits)
            : (T.ToValues(bits & T.Of(BitConverter.UInt32BitsToSingle(15))) - grid.Second) * grid.First;
}

/// <summary>2 bits: <c>w = (q - zeroPoint) * scale</c>, the four values in every four lanes.</summary>
internal readonly unsafe struct AffinePairs(float* scales, float* zeroPoints) : ICodeGrid<AffinePairs>
{
    public static int Bits => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public AffinePairs From(nint group) => new(scales + group, zeroPoints + group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupGrid<T> At<T>(int group)
        where T : unmanaged, ILanes<T>
    {
        T scale = T.Of(scales[group]), zero = T.Of(zeroPoints[group]);
        return T.Count >= 4 ? new((T.Quads(0f, 1f, 2f, 3f) - zero) * scale, default, default) : new(scale, zero, default);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Decode<T>(T bits, GroupGrid<T> grid)
        where T : unmanaged, ILanes<T> => T.Count >= 4
            ? T.PermuteQuads(grid.First, bits)
            : (T.ToValues(bits & T.Of(BitConverter.UInt32BitsToSingle(3))) - grid.Second) * grid.First;
}

/// <summary>2 bits: <c>w = (mu ± a1) ± a2</c>, code bit 1 for +a1, bit 0 for +a2, the four values in every four lanes.</summary>
/// <param name="levels">Per group a1, a2, or mu, a1, a2.</param>
/// <param name="perGroup">2 or 3.</param>
internal readonly unsafe struct LatticePairs(float* levels, int perGroup) : ICodeGrid<LatticePairs>
{
    public static int Bits => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LatticePairs From(nint group) => new(levels + group * perGroup, perGroup);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupGrid<T> At<T>(int group)
        where T : unmanaged, ILanes<T>
    {
        float* level = levels + (nint)group * perGroup + perGroup;
        T mu = T.Of(perGroup == 3 ? level[-3] : 0f), coarse = T.Of(level[-2]), fine = T.Of(level[-1]);
        return T.Count >= 4
            ? new(T.MultiplyAdd(fine, T.Quads(-1f, 1f, -1f, 1f), T.MultiplyAdd(coarse, T.Quads(-1f, -1f, 1f, 1f), mu)), default, default)
            : new(mu, coarse, fine);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Decode<T>(T bits, GroupGrid<T> grid)
        where T : unmanaged, ILanes<T>
    {
        if (T.Count >= 4) return T.PermuteQuads(grid.First, bits);
        T upper = T.ToValues(bits & T.Of(BitConverter.UInt32BitsToSingle(2))) - T.Of(1f);
        T lower = T.MultiplyAdd(T.ToValues(bits & T.Of(BitConverter.UInt32BitsToSingle(1))), T.Of(2f), T.Of(-1f));
        return T.MultiplyAdd(grid.Third, lower, T.MultiplyAdd(grid.Second, upper, grid.First));
    }
}

/// <summary>Weights that are decoded already; there are no groups.</summary>
internal readonly struct DecodedWeights : ICodeGrid<DecodedWeights>
{
    public static int Bits => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DecodedWeights From(nint group) => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GroupGrid<T> At<T>(int group)
        where T : unmanaged, ILanes<T> => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Decode<T>(T bits, GroupGrid<T> grid)
        where T : unmanaged, ILanes<T> => bits;
}
