using System.Buffers.Binary;

namespace ArrowQuant.Exports.Gguf;

/// <summary>
/// Writes Q8_0. It has no zero point, so a group with one is written with its own scale and codes less the zero point where these fit in a
/// signed byte, which is exact when the scale is a float16 value. Where they do not fit, whichever is nearer is taken: the same codes cut
/// off at 127, or new ones over the largest magnitude of the block.
/// </summary>
internal sealed class Q8Encoder : IGgmlEncoder
{
    private const int Length = 32;
    private const int Largest = 127;

    /// <inheritdoc/>
    public GgmlType Type => GgmlType.Q8_0;

    /// <inheritdoc/>
    public void Encode(GgmlRow row, Span<byte> destination)
    {
        Span<sbyte> own = stackalloc sbyte[Length];
        Span<sbyte> fresh = stackalloc sbyte[Length];
        for (int start = 0; start < row.Values.Length; start += Length)
        {
            ReadOnlySpan<float> values = row.Values.Slice(start, Length);
            Span<byte> block = destination.Slice(start / Length * GgmlType.Q8_0.BlockBytes(), GgmlType.Q8_0.BlockBytes());
            double ownError = double.PositiveInfinity;
            Half ownScale = default;
            if (row.IsAffine)
            {
                (float scale, float zeroPoint) = row.Grid(row.GroupOf(start));
                ownScale = (Half)scale;
                if (float.IsInteger(zeroPoint)) ownError = Shift(row.Codes.Slice(start, Length), zeroPoint, ownScale, values, own);
            }

            if (ownError == 0)
            {
                Write(block, ownScale, own);
                continue;
            }

            double freshError = Round(values, out Half freshScale, fresh);
            if (ownError <= freshError) Write(block, ownScale, own);
            else Write(block, freshScale, fresh);
        }
    }

    private static double Shift(ReadOnlySpan<byte> codes, float zeroPoint, Half scale, ReadOnlySpan<float> values, Span<sbyte> shifted)
    {
        double error = 0;
        for (int i = 0; i < Length; i++)
        {
            shifted[i] = (sbyte)Math.Clamp(codes[i] - zeroPoint, -Largest, Largest);
            error += Square((float)scale * shifted[i] - (double)values[i]);
        }

        return error;
    }

    private static double Round(ReadOnlySpan<float> values, out Half scale, Span<sbyte> codes)
    {
        float largest = 0;
        foreach (float value in values) largest = Math.Max(largest, Math.Abs(value));
        scale = (Half)(largest / Largest);
        float step = (float)scale;
        double error = 0;
        for (int i = 0; i < Length; i++)
        {
            codes[i] = step == 0 ? (sbyte)0 : (sbyte)Math.Clamp(Math.Round(values[i] / (double)step), -Largest, Largest);
            error += Square(step * codes[i] - (double)values[i]);
        }

        return error;
    }

    private static void Write(Span<byte> block, Half scale, ReadOnlySpan<sbyte> codes)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block, scale);
        for (int i = 0; i < Length; i++) block[2 + i] = (byte)codes[i];
    }

    private static double Square(double value) => value * value;
}
