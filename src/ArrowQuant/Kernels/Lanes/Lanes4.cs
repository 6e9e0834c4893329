using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels.Lanes;

/// <summary>Four lanes in one 128-bit vector.</summary>
internal readonly unsafe struct Lanes4 : ILanes<Lanes4>
{
    private readonly Vector128<float> _value;

    private Lanes4(Vector128<float> value) => _value = value;

    public static int Count => 4;

    public static Lanes4 operator +(Lanes4 a, Lanes4 b) => new(a._value + b._value);

    public static Lanes4 operator -(Lanes4 a, Lanes4 b) => new(a._value - b._value);

    public static Lanes4 operator *(Lanes4 a, Lanes4 b) => new(a._value * b._value);

    public static Lanes4 operator /(Lanes4 a, Lanes4 b) => new(a._value / b._value);

    public static Lanes4 Of(float value) => new(Vector128.Create(value));

    public static Lanes4 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadBytes(byte* source)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(*(uint*)source).AsByte();
        return new(Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32()));
    }

    public static void Store(Lanes4 value, float* destination) => value._value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(Lanes4 value, byte* destination)
    {
        Vector128<short> shorts = Vector128.Narrow(Vector128.ConvertToInt32(value._value), Vector128<int>.Zero);
        *(uint*)destination = Vector128.Narrow(shorts.AsUInt16(), Vector128<ushort>.Zero).AsUInt32().ToScalar();
    }

    public static Lanes4 MultiplyAdd(Lanes4 a, Lanes4 b, Lanes4 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));

    // Values are finite and zeros compare equal, so the native operations agree with the scalar definition up to the sign of zero,
    // which no kernel lets through to its results.
    public static Lanes4 Min(Lanes4 a, Lanes4 b) => new(Vector128.MinNative(a._value, b._value));

    public static Lanes4 Max(Lanes4 a, Lanes4 b) => new(Vector128.MaxNative(a._value, b._value));

    public static Lanes4 Abs(Lanes4 a) => new(Vector128.Abs(a._value));

    public static Lanes4 Round(Lanes4 a) => new(Vector128.Round(a._value));

    public static Lanes4 GreaterThan(Lanes4 a, Lanes4 b) => new(Vector128.GreaterThan(a._value, b._value));

    public static Lanes4 GreaterOrEqual(Lanes4 a, Lanes4 b) => new(Vector128.GreaterThanOrEqual(a._value, b._value));

    public static bool AllGreaterOrEqual(Lanes4 a, Lanes4 b) => Vector128.GreaterThanOrEqualAll(a._value, b._value);

    public static Lanes4 Select(Lanes4 mask, Lanes4 a, Lanes4 b) => new(Vector128.ConditionalSelect(mask._value, a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(Lanes4 a, Lanes4 b, double* sums)
    {
        (Vector128<double> a0, Vector128<double> a1) = Vector128.Widen(a._value);
        (Vector128<double> b0, Vector128<double> b1) = Vector128.Widen(b._value);
        Vector128.FusedMultiplyAdd(a0, b0, Vector128.Load(sums)).Store(sums);
        Vector128.FusedMultiplyAdd(a1, b1, Vector128.Load(sums + 2)).Store(sums + 2);
    }

    /// <summary>The vector.</summary>
    public Vector128<float> Value => _value;

    /// <summary>The lanes of a vector.</summary>
    public static Lanes4 From(Vector128<float> value) => new(value);

    public static Lanes4 AddBits(Lanes4 a, Lanes4 b) => new((a._value.AsUInt32() + b._value.AsUInt32()).AsSingle());

    public static Lanes4 operator &(Lanes4 a, Lanes4 b) => new(a._value & b._value);

    public static Lanes4 operator |(Lanes4 a, Lanes4 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(Lanes4 value, double* sums)
    {
        (Vector128<double> low, Vector128<double> high) = Vector128.Widen(value._value);
        (Vector128.Load(sums) + low).Store(sums);
        (Vector128.Load(sums + 2) + high).Store(sums + 2);
    }

    public static float LeastOf(Lanes4 value)
    {
        Vector128<float> pairs = Vector128.MinNative(value._value, Vector128.Shuffle(value._value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MinNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    public static float LargestOf(Lanes4 value)
    {
        Vector128<float> pairs = Vector128.MaxNative(value._value, Vector128.Shuffle(value._value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    public static Lanes4 LookUp(byte* codes, float* table) =>
        new(Vector128.Create(table[codes[0]], table[codes[1]], table[codes[2]], table[codes[3]]));

    public static Lanes4 LoadBits16(ushort* source) =>
        new(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsUInt16()).AsSingle());

    public static Lanes4 LoadSigned16(ushort* source) =>
        new(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsInt16()).AsSingle());

    public static Lanes4 ShiftLeft(Lanes4 value, int bits) => new(Vector128.ShiftLeft(value._value.AsUInt32(), bits).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Exchange(Lanes4 value, int distance) => new(distance == 1
        ? Vector128.Shuffle(value._value, Vector128.Create(1, 0, 3, 2))
        : Vector128.Shuffle(value._value, Vector128.Create(2, 3, 0, 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 Spread(Lanes4 value, int quarter) => new(Vector128.Create(value._value[quarter]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes4 LoadByteBits(byte* source)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(*(uint*)source).AsByte();
        return new(Vector128.WidenLower(Vector128.WidenLower(bytes)).AsSingle());
    }

    public static Lanes4 ShiftRight(Lanes4 value, int bits) => new(Vector128.ShiftRightLogical(value._value.AsUInt32(), bits).AsSingle());

    public static Lanes4 ToValues(Lanes4 bits) => new(Vector128.ConvertToSingle(bits._value.AsInt32()));

    public static Lanes4 Ramp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128.Create(0f, 1f, 2f, 3f));
    }

    public static Lanes4 LoadQuads(float* table) => new(Vector128.Load(table));

    public static Lanes4 Permute(Lanes4 table, Lanes4 bits) => new(Avx.IsSupported
        ? Avx.PermuteVar(table._value, bits._value.AsInt32())
        : Vector128.Shuffle(table._value, bits._value.AsInt32() & Vector128.Create(3)));

    public static Lanes4 LookUpQuads(Lanes4 bits, Lanes4 quads, float* table) => Permute(quads, bits);

    public static Lanes4 Halves(Lanes4 low, Lanes4 high) => new(Vector128.Create(low._value.GetLower(), high._value.GetUpper()));
}
