using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ArrowQuant.TestKit;

/// <summary>
/// Values of safetensors element types to and from float32, written from the definitions of the types and on purpose without the code
/// under test.
/// </summary>
public static class ElementCodec
{
    // Finite magnitudes of the float8 types by code 0..127, ascending; the codes above the last entry are infinity or NaN.
    private static readonly float[] E4M3 = Magnitudes(mantissaBits: 3, bias: 7, finiteCodes: 0x7f);
    private static readonly float[] E5M2 = Magnitudes(mantissaBits: 2, bias: 15, finiteCodes: 0x7c);

    /// <summary>Bytes of one element.</summary>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public static int SizeOf(string type) => type switch
    {
        "F64" or "I64" or "U64" => 8,
        "F32" or "I32" or "U32" => 4,
        "F16" or "BF16" or "I16" or "U16" => 2,
        "F8_E4M3" or "F8_E5M2" or "I8" or "U8" or "BOOL" => 1,
        _ => throw new NotSupportedException($"element type {type} is not known here"),
    };

    /// <summary>Decodes little-endian elements.</summary>
    /// <exception cref="InvalidDataException">The bytes are no whole number of elements.</exception>
    /// <exception cref="NotSupportedException">The type is unknown.</exception>
    public static float[] Decode(string type, ReadOnlySpan<byte> data)
    {
        int size = SizeOf(type);
        if (data.Length % size != 0) throw new InvalidDataException($"{data.Length} bytes are no whole number of {type} elements");
        float[] values = new float[data.Length / size];
        if (type == "F32" && BitConverter.IsLittleEndian)
        {
            data.CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }

        for (int i = 0; i < values.Length; i++) values[i] = DecodeOne(type, data.Slice(i * size, size));
        return values;
    }

    /// <summary>
    /// Encodes as F32, F16, BF16 (nearest, ties to even), F8_E4M3 or F8_E5M2 (the same; beyond the range the largest finite value).
    /// </summary>
    /// <exception cref="NotSupportedException">The type is not one of these.</exception>
    public static byte[] Encode(string type, ReadOnlySpan<float> values)
    {
        int size = SizeOf(type);
        byte[] data = new byte[values.Length * size];
        for (int i = 0; i < values.Length; i++) EncodeOne(type, values[i], data.AsSpan(i * size, size));
        return data;
    }

    private static float DecodeOne(string type, ReadOnlySpan<byte> one) => type switch
    {
        "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(one),
        "F32" => BinaryPrimitives.ReadSingleLittleEndian(one),
        "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(one),
        "BF16" => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(one) << 16),
        "F8_E4M3" => DecodeFloat8(one[0], E4M3, infinityCode: -1),
        "F8_E5M2" => DecodeFloat8(one[0], E5M2, infinityCode: 0x7c),
        "I64" => BinaryPrimitives.ReadInt64LittleEndian(one),
        "U64" => BinaryPrimitives.ReadUInt64LittleEndian(one),
        "I32" => BinaryPrimitives.ReadInt32LittleEndian(one),
        "U32" => BinaryPrimitives.ReadUInt32LittleEndian(one),
        "I16" => BinaryPrimitives.ReadInt16LittleEndian(one),
        "U16" => BinaryPrimitives.ReadUInt16LittleEndian(one),
        "I8" => (sbyte)one[0],
        _ => one[0],
    };

    private static void EncodeOne(string type, float value, Span<byte> target)
    {
        switch (type)
        {
            case "F32":
                BinaryPrimitives.WriteSingleLittleEndian(target, value);
                break;
            case "F16":
                BinaryPrimitives.WriteHalfLittleEndian(target, (Half)value);
                break;
            case "BF16":
                BinaryPrimitives.WriteUInt16LittleEndian(target, ToBFloat16(value));
                break;
            case "F8_E4M3":
                target[0] = EncodeFloat8(value, E4M3);
                break;
            case "F8_E5M2":
                target[0] = EncodeFloat8(value, E5M2);
                break;
            default:
                throw new NotSupportedException($"float32 values cannot be written as {type} here");
        }
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40); // stays a quiet NaN
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static float[] Magnitudes(int mantissaBits, int bias, int finiteCodes)
    {
        float[] values = new float[finiteCodes];
        int steps = 1 << mantissaBits;
        for (int code = 0; code < finiteCodes; code++)
        {
            int exponent = code >> mantissaBits;
            double fraction = (code & (steps - 1)) / (double)steps;
            values[code] = (float)(exponent == 0 ? fraction * Math.Pow(2, 1 - bias) : (1 + fraction) * Math.Pow(2, exponent - bias));
        }

        return values;
    }

    private static float DecodeFloat8(byte bits, float[] magnitudes, int infinityCode)
    {
        int code = bits & 0x7f;
        float magnitude = code < magnitudes.Length ? magnitudes[code] : code == infinityCode ? float.PositiveInfinity : float.NaN;
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }

    private static byte EncodeFloat8(float value, float[] magnitudes)
    {
        byte sign = float.IsNegative(value) ? (byte)0x80 : (byte)0;
        if (float.IsNaN(value)) return (byte)(sign | 0x7f);
        float magnitude = Math.Min(Math.Abs(value), magnitudes[^1]);
        int at = Array.BinarySearch(magnitudes, magnitude);
        if (at < 0)
        {
            int above = ~at;
            double toLower = (double)magnitude - magnitudes[above - 1];
            double toUpper = (double)magnitudes[above] - magnitude;
            bool takeUpper = toUpper < toLower || (toUpper == toLower && above % 2 == 0); // even code = even mantissa
            at = takeUpper ? above : above - 1;
        }

        return (byte)(sign | at);
    }
}
