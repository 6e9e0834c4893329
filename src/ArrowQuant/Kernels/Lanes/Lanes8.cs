using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels.Lanes;

/// <summary>Eight lanes in one 256-bit vector.</summary>
internal readonly unsafe struct Lanes8 : ILanes<Lanes8>
{
    private readonly Vector256<float> _value;

    private Lanes8(Vector256<float> value) => _value = value;

    public static int Count => 8;

    public static Lanes8 operator +(Lanes8 a, Lanes8 b) => new(a._value + b._value);

    public static Lanes8 operator -(Lanes8 a, Lanes8 b) => new(a._value - b._value);

    public static Lanes8 operator *(Lanes8 a, Lanes8 b) => new(a._value * b._value);

    public static Lanes8 operator /(Lanes8 a, Lanes8 b) => new(a._value / b._value);

    public static Lanes8 Of(float value) => new(Vector256.Create(value));

    public static Lanes8 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadBytes(byte* source)
    {
        Vector128<ushort> shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte());
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(shorts);
        return new(Vector256.ConvertToSingle(Vector256.Create(low, high).AsInt32()));
    }

    public static void Store(Lanes8 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Lanes8 value, byte* destination)
    {
        Vector256<int> codes = Vector256.ConvertToInt32(value._value);
        Vector128<short> shorts = Vector128.Narrow(codes.GetLower(), codes.GetUpper());
        *(ulong*)destination = Vector128.Narrow(shorts.AsUInt16(), Vector128<ushort>.Zero).AsUInt64().ToScalar();
    }

    public static Lanes8 MultiplyAdd(Lanes8 a, Lanes8 b, Lanes8 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    // Values are finite and zeros compare equal, so the native operations agree with the scalar definition up to the sign of zero,
    // which no kernel lets through to its results.
    public static Lanes8 Min(Lanes8 a, Lanes8 b) => new(Vector256.MinNative(a._value, b._value));

    public static Lanes8 Max(Lanes8 a, Lanes8 b) => new(Vector256.MaxNative(a._value, b._value));

    public static Lanes8 Abs(Lanes8 a) => new(Vector256.Abs(a._value));

    public static Lanes8 Round(Lanes8 a) => new(Vector256.Round(a._value));

    public static Lanes8 GreaterThan(Lanes8 a, Lanes8 b) => new(Vector256.GreaterThan(a._value, b._value));

    public static Lanes8 GreaterOrEqual(Lanes8 a, Lanes8 b) => new(Vector256.GreaterThanOrEqual(a._value, b._value));

    public static bool AllGreaterOrEqual(Lanes8 a, Lanes8 b) => Vector256.GreaterThanOrEqualAll(a._value, b._value);

    public static Lanes8 Select(Lanes8 mask, Lanes8 a, Lanes8 b) => new(Vector256.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(Lanes8 a, Lanes8 b, double* sums)
    {
        (Vector256<double> a0, Vector256<double> a1) = Vector256.Widen(a._value);
        (Vector256<double> b0, Vector256<double> b1) = Vector256.Widen(b._value);
        Vector256.FusedMultiplyAdd(a0, b0, Vector256.Load(sums)).Store(sums);
        Vector256.FusedMultiplyAdd(a1, b1, Vector256.Load(sums + 4)).Store(sums + 4);
    }

    /// <summary>The vector.</summary>
    public Vector256<float> Value => _value;

    /// <summary>The lanes of a vector.</summary>
    public static Lanes8 From(Vector256<float> value) => new(value);

    public static Lanes8 AddBits(Lanes8 a, Lanes8 b) => new((a._value.AsUInt32() + b._value.AsUInt32()).AsSingle());

    public static Lanes8 operator &(Lanes8 a, Lanes8 b) => new(a._value & b._value);

    public static Lanes8 operator |(Lanes8 a, Lanes8 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(Lanes8 value, double* sums)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(value._value);
        (Vector256.Load(sums) + low).Store(sums);
        (Vector256.Load(sums + 4) + high).Store(sums + 4);
    }

    public static float LeastOf(Lanes8 value) =>
        Lanes4.LeastOf(Lanes4.From(Vector128.MinNative(value._value.GetLower(), value._value.GetUpper())));

    public static float LargestOf(Lanes8 value) =>
        Lanes4.LargestOf(Lanes4.From(Vector128.MaxNative(value._value.GetLower(), value._value.GetUpper())));

    public static Lanes8 LoadBits16(ushort* source) => new(Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source).AsSingle()
        : Vector256.Create(Vector128.WidenLower(Vector128.Load(source)), Vector128.WidenUpper(Vector128.Load(source))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LookUp(byte* codes, float* table)
    {
        if (!Avx2.IsSupported) return new(Vector256.Create(Lanes4.LookUp(codes, table).Value, Lanes4.LookUp(codes + 4, table).Value));
        Vector256<float> values = Avx.BroadcastVector128ToVector256(table);
        return new(Avx.PermuteVar(values, Avx2.ConvertToVector256Int32(codes)));
    }

    public static Lanes8 LoadSigned16(ushort* source) => new(Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32((short*)source).AsSingle()
        : Vector256.Create(
            Vector128.WidenLower(Vector128.Load((short*)source)), Vector128.WidenUpper(Vector128.Load((short*)source))).AsSingle());

    public static Lanes8 ShiftLeft(Lanes8 value, int bits) => new(Vector256.ShiftLeft(value._value.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Exchange(Lanes8 value, int distance) => new(distance switch
    {
        1 => Vector256.Shuffle(value._value, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)),
        2 => Vector256.Shuffle(value._value, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5)),
        _ => Vector256.Create(value._value.GetUpper(), value._value.GetLower()),
    });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 Spread(Lanes8 value, int quarter) => new(quarter switch
    {
        0 => Vector256.Shuffle(value._value, Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1)),
        1 => Vector256.Shuffle(value._value, Vector256.Create(2, 2, 2, 2, 3, 3, 3, 3)),
        2 => Vector256.Shuffle(value._value, Vector256.Create(4, 4, 4, 4, 5, 5, 5, 5)),
        _ => Vector256.Shuffle(value._value, Vector256.Create(6, 6, 6, 6, 7, 7, 7, 7)),
    });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LoadByteBits(byte* source)
    {
        if (Avx2.IsSupported) return new(Avx2.ConvertToVector256Int32(source).AsSingle());
        Vector128<ushort> shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte());
        return new(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)).AsSingle());
    }

    public static Lanes8 ShiftRight(Lanes8 value, int bits) => new(Vector256.ShiftRightLogical(value._value.AsUInt32(), bits).AsSingle());

    public static Lanes8 ToValues(Lanes8 bits) => new(Vector256.ConvertToSingle(bits._value.AsInt32()));

    public static Lanes8 Ramp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256.Create(0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f));
    }

    public static Lanes8 LoadQuads(float* table) => new(Avx.IsSupported
        ? Avx.BroadcastVector128ToVector256(table)
        : Vector256.Create(Vector128.Load(table), Vector128.Load(table)));

    public static Lanes8 Permute(Lanes8 table, Lanes8 bits) => new(Avx2.IsSupported
        ? Avx2.PermuteVar8x32(table._value, bits._value.AsInt32())
        : Vector256.Shuffle(table._value, bits._value.AsInt32() & Vector256.Create(7)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes8 LookUpQuads(Lanes8 bits, Lanes8 quads, float* table)
    {
        if (Avx.IsSupported) return new(Avx.PermuteVar(quads._value, bits._value.AsInt32()));
        Lanes4 low = Lanes4.LookUpQuads(Lanes4.From(bits._value.GetLower()), Lanes4.From(quads._value.GetLower()), table);
        Lanes4 high = Lanes4.LookUpQuads(Lanes4.From(bits._value.GetUpper()), Lanes4.From(quads._value.GetUpper()), table);
        return new(Vector256.Create(low.Value, high.Value));
    }

    public static Lanes8 Halves(Lanes8 low, Lanes8 high) => new(Vector256.Create(low._value.GetLower(), high._value.GetUpper()));
}
