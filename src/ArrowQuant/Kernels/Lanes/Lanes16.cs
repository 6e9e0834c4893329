using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels.Lanes;

/// <summary>Sixteen lanes in one 512-bit vector.</summary>
internal readonly unsafe struct Lanes16 : ILanes<Lanes16>
{
    private readonly Vector512<float> _value;

    private Lanes16(Vector512<float> value) => _value = value;

    public static int Count => 16;

    public static Lanes16 operator +(Lanes16 a, Lanes16 b) => new(a._value + b._value);

    public static Lanes16 operator -(Lanes16 a, Lanes16 b) => new(a._value - b._value);

    public static Lanes16 operator *(Lanes16 a, Lanes16 b) => new(a._value * b._value);

    public static Lanes16 operator /(Lanes16 a, Lanes16 b) => new(a._value / b._value);

    public static Lanes16 Of(float value) => new(Vector512.Create(value));

    public static Lanes16 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadBytes(byte* source)
    {
        if (Avx512F.IsSupported) return new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(source))));
        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load(source));
        (Vector256<uint> first, Vector256<uint> second) = Vector256.Widen(Vector256.Create(low, high));
        return new(Vector512.ConvertToSingle(Vector512.Create(first, second).AsInt32()));
    }

    public static void Store(Lanes16 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Lanes16 value, byte* destination)
    {
        Vector512<int> codes = Vector512.ConvertToInt32Native(value._value);
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128Byte(codes).Store(destination);
            return;
        }

        Vector256<short> shorts = Vector256.Narrow(codes.GetLower(), codes.GetUpper());
        Vector128.Narrow(shorts.GetLower().AsUInt16(), shorts.GetUpper().AsUInt16()).Store(destination);
    }

    public static Lanes16 MultiplyAdd(Lanes16 a, Lanes16 b, Lanes16 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    // Values are finite and zeros compare equal, so the native operations agree with the scalar definition up to the sign of zero,
    // which no kernel lets through to its results.
    public static Lanes16 Min(Lanes16 a, Lanes16 b) => new(Vector512.MinNative(a._value, b._value));

    public static Lanes16 Max(Lanes16 a, Lanes16 b) => new(Vector512.MaxNative(a._value, b._value));

    public static Lanes16 Abs(Lanes16 a) => new(Vector512.Abs(a._value));

    public static Lanes16 Round(Lanes16 a) => new(Vector512.Round(a._value));

    public static Lanes16 GreaterThan(Lanes16 a, Lanes16 b) => new(Vector512.GreaterThan(a._value, b._value));

    public static Lanes16 GreaterOrEqual(Lanes16 a, Lanes16 b) => new(Vector512.GreaterThanOrEqual(a._value, b._value));

    public static bool AllGreaterOrEqual(Lanes16 a, Lanes16 b) => Vector512.GreaterThanOrEqualAll(a._value, b._value);

    public static Lanes16 Select(Lanes16 mask, Lanes16 a, Lanes16 b) => new(Vector512.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(Lanes16 a, Lanes16 b, double* sums)
    {
        (Vector512<double> a0, Vector512<double> a1) = Vector512.Widen(a._value);
        (Vector512<double> b0, Vector512<double> b1) = Vector512.Widen(b._value);
        Vector512.FusedMultiplyAdd(a0, b0, Vector512.Load(sums)).Store(sums);
        Vector512.FusedMultiplyAdd(a1, b1, Vector512.Load(sums + 8)).Store(sums + 8);
    }

    public static Lanes16 AddBits(Lanes16 a, Lanes16 b) => new((a._value.AsUInt32() + b._value.AsUInt32()).AsSingle());

    public static Lanes16 operator &(Lanes16 a, Lanes16 b) => new(a._value & b._value);

    public static Lanes16 operator |(Lanes16 a, Lanes16 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(Lanes16 value, double* sums)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(value._value);
        (Vector512.Load(sums) + low).Store(sums);
        (Vector512.Load(sums + 8) + high).Store(sums + 8);
    }

    public static float LeastOf(Lanes16 value) =>
        Lanes8.LeastOf(Lanes8.From(Vector256.MinNative(value._value.GetLower(), value._value.GetUpper())));

    public static float LargestOf(Lanes16 value) =>
        Lanes8.LargestOf(Lanes8.From(Vector256.MaxNative(value._value.GetLower(), value._value.GetUpper())));

    public static Lanes16 LoadBits16(ushort* source) => new(Avx512F.IsSupported
        ? Avx512F.ConvertToVector512UInt32(Vector256.Load(source)).AsSingle()
        : Vector512.Create(Vector256.WidenLower(Vector256.Load(source)), Vector256.WidenUpper(Vector256.Load(source))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LookUp(byte* codes, float* table)
    {
        if (!Avx512F.IsSupported) return new(Vector512.Create(Lanes8.LookUp(codes, table).Value, Lanes8.LookUp(codes + 8, table).Value));
        Vector512<float> values = Avx512F.BroadcastVector128ToVector512(table);
        return new(Avx512F.PermuteVar4x32(values, Avx512F.ConvertToVector512Int32(Vector128.Load(codes))));
    }

    public static Lanes16 LoadSigned16(ushort* source) => new(Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)).AsSingle()
        : Vector512.Create(
            Vector256.WidenLower(Vector256.Load((short*)source)), Vector256.WidenUpper(Vector256.Load((short*)source))).AsSingle());

    public static Lanes16 ShiftLeft(Lanes16 value, int bits) => new(Vector512.ShiftLeft(value._value.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Exchange(Lanes16 value, int distance) => new(distance switch
    {
        1 => Vector512.Shuffle(value._value, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)),
        2 => Vector512.Shuffle(value._value, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)),
        4 => Vector512.Shuffle(value._value, Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)),
        _ => Vector512.Create(value._value.GetUpper(), value._value.GetLower()),
    });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 Spread(Lanes16 value, int quarter) => new(quarter switch
    {
        0 => Vector512.Shuffle(value._value, Vector512.Create(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)),
        1 => Vector512.Shuffle(value._value, Vector512.Create(4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7)),
        2 => Vector512.Shuffle(value._value, Vector512.Create(8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11)),
        _ => Vector512.Shuffle(value._value, Vector512.Create(12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15)),
    });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LoadByteBits(byte* source) => new(Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(source)).AsSingle()
        : Vector512.Create(Lanes8.LoadByteBits(source).Value, Lanes8.LoadByteBits(source + 8).Value));

    public static Lanes16 ShiftRight(Lanes16 value, int bits) =>
        new(Vector512.ShiftRightLogical(value._value.AsUInt32(), bits).AsSingle());

    public static Lanes16 ToValues(Lanes16 bits) => new(Vector512.ConvertToSingle(bits._value.AsInt32()));

    public static Lanes16 Ramp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 10f, 11f, 12f, 13f, 14f, 15f));
    }

    public static Lanes16 LoadQuads(float* table) => new(Avx512F.IsSupported
        ? Avx512F.BroadcastVector128ToVector512(table)
        : Vector512.Create(Lanes8.LoadQuads(table).Value, Lanes8.LoadQuads(table).Value));

    public static Lanes16 Permute(Lanes16 table, Lanes16 bits) => new(Avx512F.IsSupported
        ? Avx512F.PermuteVar16x32(table._value, bits._value.AsInt32())
        : Vector512.Shuffle(table._value, bits._value.AsInt32() & Vector512.Create(15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes16 LookUpQuads(Lanes16 bits, Lanes16 quads, float* table)
    {
        if (Avx512F.IsSupported) return new(Avx512F.PermuteVar4x32(quads._value, bits._value.AsInt32()));
        Lanes8 low = Lanes8.LookUpQuads(Lanes8.From(bits._value.GetLower()), Lanes8.From(quads._value.GetLower()), table);
        Lanes8 high = Lanes8.LookUpQuads(Lanes8.From(bits._value.GetUpper()), Lanes8.From(quads._value.GetUpper()), table);
        return new(Vector512.Create(low.Value, high.Value));
    }

    public static Lanes16 Halves(Lanes16 low, Lanes16 high) => new(Vector512.Create(low._value.GetLower(), high._value.GetUpper()));
}
