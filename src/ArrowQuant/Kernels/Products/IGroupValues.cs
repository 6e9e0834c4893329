using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Decodes the codes of one group in registers, with the arithmetic of <see cref="KernelSet.DecodeAffine"/> and
/// <see cref="KernelSet.DecodeLattice"/>. Where a vector holds all values of the group these are looked up, else they are computed; the
/// bits are the same.
/// </summary>
internal unsafe interface IGroupValues<TSelf, T>
    where TSelf : struct, IGroupValues<TSelf, T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Bits of a code: 2, 4 or 8; 32 for weights that are decoded already.</summary>
    static abstract int Bits { get; }

    /// <summary>The values of a group.</summary>
    static abstract TSelf Of(RowGrids grids, nint group);

    /// <summary>Of two groups that share sixteen bytes those of the lanes from <paramref name="lane"/> on. For 2 bits only.</summary>
    static abstract TSelf Halves(TSelf low, TSelf high, int lane);

    /// <summary>
    /// The weights at places 16 <paramref name="part"/> and following of a stride; <paramref name="codes"/> points to the first of these
    /// lanes in the first sixteen bytes of the stride.
    /// </summary>
    T Weights(byte* codes, int part);
}

/// <summary>4 bits, <c>w = (q - zeroPoint) * scale</c>: all sixteen values in one vector of sixteen lanes.</summary>
internal readonly unsafe struct NibbleTable<T> : IGroupValues<NibbleTable<T>, T>
    where T : unmanaged, ILanes<T>
{
    private readonly T _table;

    private NibbleTable(T table) => _table = table;

    public static int Bits => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleTable<T> Of(RowGrids grids, nint group) =>
        new((T.Ramp - T.Of(grids.Second[group])) * T.Of(grids.First[group]));

    public static NibbleTable<T> Halves(NibbleTable<T> low, NibbleTable<T> high, int lane) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Weights(byte* codes, int part) => (part & 1) == 0
        ? T.Permute(_table, T.LoadByteBits(codes + 8 * part))
        : T.Permute(_table, T.ShiftRight(T.LoadByteBits(codes + 8 * part - 8), 4));
}

/// <summary>4 bits, <c>w = (q - zeroPoint) * scale</c>, computed.</summary>
internal readonly unsafe struct NibbleFormula<T> : IGroupValues<NibbleFormula<T>, T>
    where T : unmanaged, ILanes<T>
{
    private readonly T _scale;
    private readonly T _zeroPoint;

    private NibbleFormula(T scale, T zeroPoint) => (_scale, _zeroPoint) = (scale, zeroPoint);

    public static int Bits => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NibbleFormula<T> Of(RowGrids grids, nint group) => new(T.Of(grids.First[group]), T.Of(grids.Second[group]));

    public static NibbleFormula<T> Halves(NibbleFormula<T> low, NibbleFormula<T> high, int lane) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Weights(byte* codes, int part)
    {
        T bits = (part & 1) == 0
            ? T.LoadByteBits(codes + 8 * part) & T.Of(BitConverter.UInt32BitsToSingle(15))
            : T.ShiftRight(T.LoadByteBits(codes + 8 * part - 8), 4);
        return (T.ToValues(bits) - _zeroPoint) * _scale;
    }
}

/// <summary>8 bits, <c>w = (q - zeroPoint) * scale</c>.</summary>
internal readonly unsafe struct ByteFormula<T> : IGroupValues<ByteFormula<T>, T>
    where T : unmanaged, ILanes<T>
{
    private readonly T _scale;
    private readonly T _zeroPoint;

    private ByteFormula(T scale, T zeroPoint) => (_scale, _zeroPoint) = (scale, zeroPoint);

    public static int Bits => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteFormula<T> Of(RowGrids grids, nint group) => new(T.Of(grids.First[group]), T.Of(grids.Second[group]));

    public static ByteFormula<T> Halves(ByteFormula<T> low, ByteFormula<T> high, int lane) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Weights(byte* codes, int part) => (T.ToValues(T.LoadByteBits(codes + 16 * part)) - _zeroPoint) * _scale;
}

/// <summary>2 bits: the four values of every group in memory, and in every four lanes where there are four.</summary>
internal readonly unsafe struct PairTable<T> : IGroupValues<PairTable<T>, T>
    where T : unmanaged, ILanes<T>
{
    private readonly T _quads;
    private readonly float* _table;

    private PairTable(T quads, float* table)
    {
        _quads = quads;
        _table = table;
    }

    public static int Bits => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairTable<T> Of(RowGrids grids, nint group) => new(T.LoadQuads(grids.First + 4 * group), grids.First + 4 * group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PairTable<T> Halves(PairTable<T> low, PairTable<T> high, int lane) => T.Count == 16
        ? new(T.Halves(low._quads, high._quads), low._table)
        : lane < 8 ? low : high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Weights(byte* codes, int part)
    {
        T bytes = T.LoadByteBits(codes + part / 4 * 16);
        return T.LookUpQuads(part % 4 == 0 ? bytes : T.ShiftRight(bytes, part % 4 * 2), _quads, _table);
    }
}

/// <summary>Weights that are decoded already; there are no groups.</summary>
internal readonly unsafe struct DecodedWeights<T> : IGroupValues<DecodedWeights<T>, T>
    where T : unmanaged, ILanes<T>
{
    public static int Bits => 32;

    public static DecodedWeights<T> Of(RowGrids grids, nint group) => default;

    public static DecodedWeights<T> Halves(DecodedWeights<T> low, DecodedWeights<T> high, int lane) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Weights(byte* codes, int part) => T.Load((float*)codes + 16 * part);
}
