using System.Buffers.Binary;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>From binary32 to little-endian F16, BF16 or F32, rounded to nearest, ties to even.</summary>
internal static class FloatBytes
{
    /// <summary>Converts values; those beyond the range of F16 become infinite.</summary>
    public static byte[] Of(ElementType type, ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[type.ByteLength(values.Length)!.Value];
        for (int i = 0; i < values.Length; i++)
        {
            switch (type)
            {
                case ElementType.F16: BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)values[i]); break;
                case ElementType.BF16: BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), UpperHalf(values[i])); break;
                default: BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]); break;
            }
        }

        return bytes;
    }

    // Half of the last place that stays, less one unless that place is odd, makes ties go to the even neighbour.
    private static ushort UpperHalf(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
