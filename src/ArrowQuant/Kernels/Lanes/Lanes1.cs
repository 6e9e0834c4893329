using System.Runtime.CompilerServices;

namespace ArrowQuant.Kernels.Lanes;

/// <summary>One lane: the scalar definition of every kernel.</summary>
internal readonly unsafe struct Lanes1 : ILanes<Lanes1>
{
    private readonly float _value;

    private Lanes1(float value) => _value = value;

    public static int Count => 1;

    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a._value + b._value);

    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a._value - b._value);

    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a._value * b._value);

    public static Lanes1 operator /(Lanes1 a, Lanes1 b) => new(a._value / b._value);

    public static Lanes1 Of(float value) => new(value);

    public static Lanes1 Load(float* source) => new(*source);

    public static Lanes1 LoadBytes(byte* source) => new(*source);

    public static void Store(Lanes1 value, float* destination) => *destination = value._value;

    public static void StoreBytes(Lanes1 value, byte* destination) => *destination = (byte)value._value;

    public static Lanes1 MultiplyAdd(Lanes1 a, Lanes1 b, Lanes1 c) => new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));

    public static Lanes1 Min(Lanes1 a, Lanes1 b) => new(MathF.Min(a._value, b._value));

    public static Lanes1 Max(Lanes1 a, Lanes1 b) => new(MathF.Max(a._value, b._value));

    public static Lanes1 Abs(Lanes1 a) => new(MathF.Abs(a._value));

    public static Lanes1 Round(Lanes1 a) => new(MathF.Round(a._value));

    public static Lanes1 GreaterThan(Lanes1 a, Lanes1 b) => Mask(a._value > b._value);

    public static Lanes1 GreaterOrEqual(Lanes1 a, Lanes1 b) => Mask(a._value >= b._value);

    public static bool AllGreaterOrEqual(Lanes1 a, Lanes1 b) => a._value >= b._value;

    public static Lanes1 Select(Lanes1 mask, Lanes1 a, Lanes1 b) => BitConverter.SingleToInt32Bits(mask._value) != 0 ? a : b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProducts(Lanes1 a, Lanes1 b, double* sums) => *sums += (double)a._value * b._value;

    public static Lanes1 AddBits(Lanes1 a, Lanes1 b) =>
        new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(a._value) + BitConverter.SingleToUInt32Bits(b._value)));

    public static Lanes1 operator &(Lanes1 a, Lanes1 b) =>
        new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(a._value) & BitConverter.SingleToUInt32Bits(b._value)));

    public static Lanes1 operator |(Lanes1 a, Lanes1 b) =>
        new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(a._value) | BitConverter.SingleToUInt32Bits(b._value)));

    public static void AddTo(Lanes1 value, double* sums) => *sums += value._value;

    public static float LeastOf(Lanes1 value) => value._value;

    public static float LargestOf(Lanes1 value) => value._value;

    public static Lanes1 LookUp(byte* codes, float* table) => new(table[*codes]);

    // Byte by byte: the .NET 10 compiler makes one 32-bit load of a 16-bit one whose bits become a float, and reads behind the end.
    public static Lanes1 LoadBits16(ushort* source)
    {
        byte* bytes = (byte*)source;
        return new(BitConverter.UInt32BitsToSingle(bytes[0] | (uint)bytes[1] << 8));
    }

    public static Lanes1 LoadSigned16(ushort* source)
    {
        byte* bytes = (byte*)source;
        return new(BitConverter.Int32BitsToSingle(bytes[0] | (sbyte)bytes[1] << 8));
    }

    public static Lanes1 ShiftLeft(Lanes1 value, int bits) =>
        new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value._value) << bits));

    public static Lanes1 Exchange(Lanes1 value, int distance) => throw new NotSupportedException("one lane has no other");

    public static Lanes1 Spread(Lanes1 value, int quarter) => value;

    // In two parts, for the reason that LoadBits16 has.
    public static Lanes1 LoadByteBits(byte* source) =>
        new(BitConverter.UInt32BitsToSingle((uint)(*source & 0xF0) | (uint)(*source & 0x0F)));

    public static Lanes1 ShiftRight(Lanes1 value, int bits) =>
        new(BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value._value) >> bits));

    public static Lanes1 ToValues(Lanes1 bits) => new(BitConverter.SingleToInt32Bits(bits._value));

    public static Lanes1 Ramp => new(0f);

    public static Lanes1 LoadQuads(float* table) => new(*table);

    public static Lanes1 Permute(Lanes1 table, Lanes1 bits) => table;

    public static Lanes1 LookUpQuads(Lanes1 bits, Lanes1 quads, float* table) =>
        new(table[BitConverter.SingleToInt32Bits(bits._value) & 3]);

    public static Lanes1 Halves(Lanes1 low, Lanes1 high) => low;

    private static Lanes1 Mask(bool set) => new(BitConverter.Int32BitsToSingle(set ? -1 : 0));
}
