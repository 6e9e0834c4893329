using System.Buffers.Binary;

namespace ArrowQuant.Exports.Gguf;

/// <summary>
/// Writes Q4_1, w = d q + m with float16 d and m. An affine grid fits it: d is the scale, m is -zero point * scale, which need not be a
/// float16 value. Codes of a block rarely use all 16, so they can be moved, spread (2-bit ones) or mirrored with a negative d until m is
/// one, or is nearest. Lattices are placed on the 16 codes by least squares; values without a grid are rounded between their extremes.
/// </summary>
internal sealed class Q4Encoder : IGgmlEncoder
{
    private const int Length = 32;
    private const int Top = 15;

    /// <inheritdoc/>
    public GgmlType Type => GgmlType.Q4_1;

    /// <inheritdoc/>
    public void Encode(GgmlRow row, Span<byte> destination)
    {
        Span<double> levels = stackalloc double[4];
        Span<byte> table = stackalloc byte[4];
        Span<byte> codes = stackalloc byte[Length];
        for (int start = 0; start < row.Values.Length; start += Length)
        {
            Span<byte> block = destination.Slice(start / Length * GgmlType.Q4_1.BlockBytes(), GgmlType.Q4_1.BlockBytes());
            if (!row.HasGrids)
            {
                (Half step, Half least) = Round(row.Values.Slice(start, Length), codes);
                Write(block, step, least, codes);
                continue;
            }

            ReadOnlySpan<byte> own = row.Codes.Slice(start, Length);
            int group = row.GroupOf(start);
            if (row.IsAffine)
            {
                (float scale, float zeroPoint) = row.Grid(group);
                AffinePlace place = AffinePlace.Find(own, scale, zeroPoint);
                for (int i = 0; i < Length; i++) codes[i] = (byte)(place.Slope * own[i] + place.Shift);
                Write(block, place.Step, place.Least, codes);
            }
            else
            {
                row.CopyLevels(group, levels);
                (Half step, Half least) = Place(own, levels, table);
                for (int i = 0; i < Length; i++) codes[i] = table[own[i]];
                Write(block, step, least, codes);
            }
        }
    }

    // The levels of a lattice are 0, b, a and a + b steps above the lowest; the whole numbers a >= b that fit best are tried out.
    private static (Half Step, Half Least) Place(ReadOnlySpan<byte> own, ReadOnlySpan<double> levels, Span<byte> table)
    {
        Span<int> counts = stackalloc int[4];
        counts.Clear();
        foreach (byte code in own) counts[code]++;
        Span<double> places = stackalloc double[4];
        double best = double.PositiveInfinity;
        (Half, Half) found = default;
        for (int b = 0; 2 * b <= Top; b++)
        {
            for (int a = b; a + b <= Top; a++)
            {
                (places[0], places[1], places[2], places[3]) = (0, b, a, a + b);
                (double slope, double base0) = LineFit.Of(places, levels, counts);
                Half step = (Half)slope, least = (Half)base0;
                double error = 0;
                for (int code = 0; code < 4; code++)
                {
                    double off = (double)step * places[code] + (double)least - levels[code];
                    error += counts[code] * off * off;
                }

                if (!(error < best)) continue;
                best = error;
                found = (step, least);
                for (int code = 0; code < 4; code++) table[code] = (byte)places[code];
            }
        }

        return found;
    }

    private static (Half Step, Half Least) Round(ReadOnlySpan<float> values, Span<byte> codes)
    {
        float low = values[0], high = values[0];
        foreach (float value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        Half step = (Half)(((double)high - low) / Top), least = (Half)low;
        for (int i = 0; i < Length; i++)
            codes[i] = step == default ? (byte)0 : (byte)Math.Clamp(Math.Round((values[i] - (double)least) / (double)step), 0, Top);
        return (step, least);
    }

    private static void Write(Span<byte> block, Half step, Half least, ReadOnlySpan<byte> codes)
    {
        BinaryPrimitives.WriteHalfLittleEndian(block, step);
        BinaryPrimitives.WriteHalfLittleEndian(block[2..], least);
        for (int i = 0; i < Length / 2; i++) block[4 + i] = (byte)(codes[i] | codes[i + Length / 2] << 4);
    }
}
