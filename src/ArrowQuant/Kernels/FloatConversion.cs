using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ArrowQuant.Kernels;

/// <summary>From little-endian encodings of weights to binary32. Exact, but for Double, which is rounded ties to even.</summary>
internal static class FloatConversion
{
    /// <summary>Bytes of one value.</summary>
    public static int ByteSize(FloatFormat format) => format switch
    {
        FloatFormat.Double => 8,
        FloatFormat.Single => 4,
        FloatFormat.Half or FloatFormat.BFloat16 => 2,
        FloatFormat.E4M3 or FloatFormat.E5M2 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a format of weights"),
    };

    /// <summary>
    /// Converts as many values as <paramref name="destination"/> holds. Subnormals, signed zeros, infinities and NaN are kept; a Double
    /// beyond the range of binary32 becomes an infinity.
    /// </summary>
    /// <param name="format">How <paramref name="source"/> is encoded.</param>
    /// <param name="source">Exactly <paramref name="destination"/>.Length values, little-endian.</param>
    /// <param name="destination">Receives the values; must not overlap <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> holds another number of values.</exception>
    public static void ToSingle(FloatFormat format, ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLength(format, source, destination);
        switch (format)
        {
            case FloatFormat.Single when BitConverter.IsLittleEndian:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                break;
            case FloatFormat.Single:
                for (int i = 0; i < destination.Length; i++) destination[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]);
                break;
            case FloatFormat.Half:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
                break;
            case FloatFormat.BFloat16:
                for (int i = 0; i < destination.Length; i++)
                {
                    uint upper = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]);
                    destination[i] = BitConverter.UInt32BitsToSingle(upper << 16);
                }

                break;
            case FloatFormat.E4M3 or FloatFormat.E5M2:
                Span<float> values = stackalloc float[256];
                for (int code = 0; code < values.Length; code++)
                {
                    // E5M2 is the upper byte of a binary16.
                    values[code] = format == FloatFormat.E4M3
                        ? FromE4M3((byte)code)
                        : (float)BitConverter.UInt16BitsToHalf((ushort)(code << 8));
                }

                for (int i = 0; i < destination.Length; i++) destination[i] = values[source[i]];
                break;
            default:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]);
                break;
        }
    }

    /// <summary>Throws unless the source holds exactly the destination's values.</summary>
    /// <exception cref="ArgumentException">It does not.</exception>
    public static void CheckLength(FloatFormat format, ReadOnlySpan<byte> source, ReadOnlySpan<float> destination)
    {
        int size = ByteSize(format);
        if (source.Length != (long)destination.Length * size)
            throw new ArgumentException($"{destination.Length} values of {size} bytes do not fill {source.Length} bytes", nameof(source));
    }

    private static float FromE4M3(byte code)
    {
        const float SmallestSubnormal = 1f / 512;
        uint sign = (uint)(code & 0x80) << 24;
        int exponent = code >> 3 & 15;
        uint mantissa = (uint)(code & 7);
        uint magnitude = (exponent, mantissa) switch
        {
            (15, 7) => 0x7FC00000,
            (0, _) => BitConverter.SingleToUInt32Bits(mantissa * SmallestSubnormal),
            _ => (uint)(exponent + 120) << 23 | mantissa << 20, // bias 7 becomes 127
        };
        return BitConverter.UInt32BitsToSingle(sign | magnitude);
    }
}
