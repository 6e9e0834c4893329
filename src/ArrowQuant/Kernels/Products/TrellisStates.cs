using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Codes of a trellis, multiplied as states, where a vector holds the table: a byte for each column, its last four codes, of which a state
/// is the lower bits. A value of the table is a sign and seven bits, so that the upper half of a float holds it, and one permutation looks
/// up 32 of these. Byte j of lane l of a vector belongs to column 16 j + l, which leaves a shift or a mask to do.
/// </summary>
/// <remarks>Weights are those of <see cref="KernelSet.DecodeAffine"/>: the value, exact, times the gain with one rounding.</remarks>
internal readonly unsafe struct TrellisStates<T> : IGroupValues<TrellisStates<T>, T>
    where T : unmanaged, ILanes<T>
{
    private readonly Vector512<float> _gain;
    private readonly Vector512<ushort> _low;
    private readonly Vector512<ushort> _high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TrellisStates(float* gain, ushort* table)
    {
        _gain = Vector512.Create(*gain);
        _low = Vector512.Load(table);
        _high = Vector512.Load(table + 32);
    }

    public static int Bits => TrellisTable.ValueBits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TrellisStates<T> Of(RowGrids grids, nint group) => new(grids.First + group, (ushort*)grids.Second);

    public static TrellisStates<T> Halves(TrellisStates<T> low, TrellisStates<T> high, int lane) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Weights(byte* codes, int part)
    {
        Vector512<ushort> states = Vector512.Load((ushort*)(codes + part / 4 * 64));
        Vector512<uint> values = Avx512BW.PermuteVar32x16x2(_low, part % 2 == 0 ? states : states >>> 8, _high).AsUInt32();
        values = part % 4 < 2 ? values << 16 : values & Vector512.Create(0xFFFF0000);
        return Unsafe.BitCast<Vector512<float>, T>(values.AsSingle() * _gain);
    }
}

/// <summary>What <see cref="TrellisStates{T}"/> needs.</summary>
internal static unsafe class TrellisStates
{
    // Codes are asked for this many bytes before they are needed.
    private const int Ahead = 2048;

    // Columns whose codes take sixteen bytes.
    private const int Block = 64;

    // Byte j of lane l is code l mod 4 of byte 4 j + l / 4: where it is brought from, and the bit of its eight bytes that it begins at.
    private static Vector512<byte> Places
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(
            Vector256.Create(Vector128.Create(0x0C080400u), Vector128.Create(0x0D090501u)),
            Vector256.Create(Vector128.Create(0x0E0A0602u), Vector128.Create(0x0F0B0703u))).AsByte();
    }

    private static Vector512<byte> Shifts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(Vector256.Create(Vector128.Create(0x3A322A2218100800, 0x3E362E261C140C04))).AsByte();
    }

    /// <summary>Whether vectors of that many lanes multiply states.</summary>
    public static bool AreUsed(int lanes) => lanes == 16 && Avx512Vbmi.IsSupported;

    /// <summary>Steps the states of a row.</summary>
    /// <param name="codes">The packed row.</param>
    /// <param name="rowBytes">Its bytes; no more are read.</param>
    /// <param name="states">Whole blocks of 64: those of the row above, zeros at the top of a tile; receives those of this row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Step(byte* codes, nint rowBytes, byte* states)
    {
        Vector512<byte> places = Places, shifts = Shifts;
        for (; rowBytes >= Block / 4; rowBytes -= Block / 4, codes += Block / 4, states += Block)
        {
            if (Sse.IsSupported) Sse.Prefetch0(codes + Ahead);
            Step(codes, states, places, shifts);
        }

        if (rowBytes > 0) StepEnd(codes, rowBytes, states);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void StepEnd(byte* codes, nint rowBytes, byte* states)
    {
        byte* end = stackalloc byte[Block / 4];
        StrideRun.CopyEnd(codes, rowBytes, end, Block / 4);
        Step(end, states, Places, Shifts);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(byte* codes, byte* states, Vector512<byte> places, Vector512<byte> shifts)
    {
        // Bits beside a code are above the two that are taken.
        Vector512<byte> state = Vector512.Load(states);
        state += state;
        state += state;
        Vector512<byte> packed = Avx512BW.Shuffle(Avx512F.BroadcastVector128ToVector512((uint*)codes).AsByte(), places);
        Vector512<byte> code = Avx512Vbmi.MultiShift(shifts, packed.AsUInt64());
        Vector512.ConditionalSelect(Vector512.Create((byte)3), code, state).Store(states);
    }
}
