using System.Buffers.Binary;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>What stored values are allowed to be, and kept values as floats.</summary>
internal static class StoredValues
{
    /// <summary>Requires that the floats that decode a block are finite, and that zero points at 4 and 8 bits are codes.</summary>
    /// <exception cref="ModelFormatException">One is not.</exception>
    public static void RequireDecodable(StoredLayer layer, StoredBlock block, float[] scales, float[] zeroPoints, float[] levels)
    {
        Require(scales, ArtefactLayout.Scales, "a finite number", float.IsFinite);
        Require(levels, ArtefactLayout.Levels, "a finite number", float.IsFinite);
        if (layer.BitWidth == 2) Require(zeroPoints, ArtefactLayout.ZeroPoints, "a finite number", float.IsFinite);
        else Require(zeroPoints, ArtefactLayout.ZeroPoints, $"an integer 0..{(1 << layer.BitWidth) - 1}", IsCode);

        bool IsCode(float value) => float.IsInteger(value) && value >= 0 && value < 1 << layer.BitWidth;

        void Require(float[] values, string column, string expected, Predicate<float> holds)
        {
            int bad = Array.FindIndex(values, value => !holds(value));
            if (bad < 0) return;
            throw Failures.Format(
                layer.FilePath, layer.FullName, $"block at row {block.RowStart}: {column}[{bad}] is {values[bad]}, expected {expected}");
        }
    }

    /// <summary>
    /// Converts little-endian values of a weight type to floats; float64 is rounded ties to even, everything else is exact.
    /// </summary>
    public static void Widen(ElementType type, ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        switch (type)
        {
            case ElementType.F32:
                for (int i = 0; i < floats.Length; i++) floats[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                break;
            case ElementType.F16:
                for (int i = 0; i < floats.Length; i++) floats[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                break;
            case ElementType.BF16:
                for (int i = 0; i < floats.Length; i++)
                    floats[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
            case ElementType.F8E5M2:
                // The upper byte of binary16.
                for (int i = 0; i < floats.Length; i++) floats[i] = (float)BitConverter.UInt16BitsToHalf((ushort)(bytes[i] << 8));
                break;
            case ElementType.F8E4M3:
                for (int i = 0; i < floats.Length; i++) floats[i] = FromE4M3(bytes[i]);
                break;
            case ElementType.F64:
                for (int i = 0; i < floats.Length; i++) floats[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
            default:
                throw new ArgumentException($"{type.Name()} values are not weights", nameof(type));
        }
    }

    private static float FromE4M3(byte code)
    {
        int exponent = (code >> 3) & 15;
        int mantissa = code & 7;
        float magnitude = (code & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? MathF.ScaleB(mantissa, -9)
            : MathF.ScaleB(8 + mantissa, exponent - 10);
        return (code & 0x80) != 0 ? -magnitude : magnitude;
    }
}
