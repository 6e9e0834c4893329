using System.Buffers.Binary;
using System.Globalization;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>Timesteps as files give them, and as whole numbers.</summary>
internal static class Timesteps
{
    /// <summary>The largest timestep that is believed.</summary>
    public const int Limit = 1_000_000;

    // Mask ratios 0..1 become timesteps of the usual thousand.
    private const int RatioScale = 1000;

    /// <summary>Little-endian numbers of any integer or floating-point type.</summary>
    public static double[] Decode(ElementType type, ReadOnlySpan<byte> bytes)
    {
        int size = type.BitSize() / 8;
        double[] values = new double[bytes.Length / size];
        if (type.IsWeight() && type != ElementType.F64)
        {
            float[] singles = new float[values.Length];
            FloatConversion.ToSingle(ElementTypeFormats.FormatOf(type), bytes, singles);
            for (int i = 0; i < values.Length; i++) values[i] = singles[i];
            return values;
        }

        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> value = bytes.Slice(i * size, size);
            values[i] = type switch
            {
                ElementType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(value),
                ElementType.I8 => (sbyte)value[0],
                ElementType.U8 => value[0],
                ElementType.I16 => BinaryPrimitives.ReadInt16LittleEndian(value),
                ElementType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(value),
                ElementType.I32 => BinaryPrimitives.ReadInt32LittleEndian(value),
                ElementType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(value),
                ElementType.I64 => BinaryPrimitives.ReadInt64LittleEndian(value),
                ElementType.U64 => BinaryPrimitives.ReadUInt64LittleEndian(value),
                _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of numbers"),
            };
        }

        return values;
    }

    /// <summary>Refuses timesteps that nobody can mean; missing ones (not finite) are left for later.</summary>
    /// <exception cref="Errors.CalibrationException">A timestep is negative or beyond <see cref="Limit"/>.</exception>
    public static void ThrowIfImpossible(ActivationRows rows)
    {
        if (rows.Timesteps is not { } values) return;
        int place = Array.FindIndex(values, value => value < 0 || (value > Limit && double.IsFinite(value)));
        if (place < 0) return;
        string subject = rows.Layer.Length == 0 ? "rows without a layer" : $"layer {rows.Layer}";
        throw CalibrationFailure.Error(
            rows.FilePath,
            string.Create(CultureInfo.InvariantCulture, $"timestep {values[place]} of row {place}, expected 0..{Limit}"),
            subject);
    }

    /// <summary>
    /// Whole timesteps. Fractions between 0 and 1 in all rows are mask ratios and count in thousandths; other fractions are rounded, ties
    /// to even.
    /// </summary>
    /// <param name="values">Possible timesteps, one for each row.</param>
    public static int[] Whole(double[] values)
    {
        bool areRatios = Array.TrueForAll(values, value => value <= 1) && Array.Exists(values, value => value != Math.Floor(value));
        return Array.ConvertAll(values, value => (int)Math.Round(areRatios ? value * RatioScale : value));
    }
}
