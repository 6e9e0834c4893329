using System.Buffers.Binary;

namespace ArrowQuant.Exports.Gguf;

/// <summary>
/// Writes Q2_K: 16 sub-blocks of 16 whose steps and minima are multiples, 0..15, of one float16 each. Exact for one affine grid over a
/// whole block of 256; several grids share the multiples, and the unequal distances of a lattice are evened out, by least squares.
/// </summary>
internal sealed class Q2Encoder : IGgmlEncoder
{
    private const int Length = 256;
    private const int SubLength = 16;
    private const int SubCount = Length / SubLength;
    private const int Top = 15;

    /// <inheritdoc/>
    public GgmlType Type => GgmlType.Q2_K;

    /// <inheritdoc/>
    public void Encode(GgmlRow row, Span<byte> destination)
    {
        Span<double> steps = stackalloc double[SubCount];
        Span<double> minima = stackalloc double[SubCount];
        Span<byte> stepCodes = stackalloc byte[SubCount];
        Span<byte> minimumCodes = stackalloc byte[SubCount];
        for (int start = 0; start < row.Values.Length; start += Length)
        {
            Span<byte> block = destination.Slice(start / Length * GgmlType.Q2_K.BlockBytes(), GgmlType.Q2_K.BlockBytes());
            FitGroups(row, start, steps, minima);
            Half step = Share(steps, stepCodes), minimum = Share(minima, minimumCodes);
            block.Clear();
            for (int sub = 0; sub < SubCount; sub++)
            {
                block[sub] = (byte)(stepCodes[sub] | minimumCodes[sub] << 4);
                float subStep = (float)step * stepCodes[sub], subMinimum = (float)minimum * minimumCodes[sub];
                for (int i = 0; i < SubLength; i++)
                {
                    int place = sub * SubLength + i;
                    double code = subStep == 0 ? 0 : Math.Round((row.Values[start + place] + (double)subMinimum) / subStep);
                    block[CodeByte(place)] |= (byte)((int)Math.Clamp(code, 0, 3) << CodeShift(place));
                }
            }

            BinaryPrimitives.WriteHalfLittleEndian(block[80..], step);
            BinaryPrimitives.WriteHalfLittleEndian(block[82..], minimum);
        }
    }

    /// <summary>The byte of a block that holds the code of value <paramref name="place"/>, 0..255.</summary>
    internal static int CodeByte(int place) => SubCount + place / 128 * 32 + place % 32;

    /// <summary>Where in that byte it is, in bits.</summary>
    internal static int CodeShift(int place) => place % 128 / 32 * 2;

    // The line through the levels of each group, weighted by how often they occur in this block.
    private static void FitGroups(GgmlRow row, int start, Span<double> steps, Span<double> minima)
    {
        ReadOnlySpan<double> places = [0, 1, 2, 3];
        Span<double> levels = stackalloc double[4];
        Span<int> counts = stackalloc int[4];
        for (int sub = 0; sub < SubCount;)
        {
            int group = row.GroupOf(start + sub * SubLength);
            int end = sub;
            counts.Clear();
            for (; end < SubCount && row.GroupOf(start + end * SubLength) == group; end++)
            {
                foreach (byte code in row.Codes.Slice(start + end * SubLength, SubLength)) counts[code]++;
            }

            row.CopyLevels(group, levels);
            (double step, double atZero) = LineFit.Of(places, levels, counts);
            steps[sub..end].Fill(Math.Max(0, step));
            minima[sub..end].Fill(-atZero);
            sub = end;
        }
    }

    // The float16 number whose multiples 0..15 are nearest; those of the other sign than most become 0.
    private static Half Share(ReadOnlySpan<double> wanted, Span<byte> multiples)
    {
        double sum = 0, largest = 0;
        foreach (double value in wanted) sum += value;
        double sign = sum < 0 ? -1 : 1;
        foreach (double value in wanted) largest = Math.Max(largest, sign * value);
        Half best = default;
        double bestError = double.PositiveInfinity;
        multiples.Clear();
        for (int k = Top; k >= 1; k--)
        {
            Half unit = (Half)(sign * largest / k);
            if (unit == default || !Half.IsFinite(unit)) continue;
            double error = 0;
            foreach (double value in wanted) error += Math.Pow(value - (double)unit * Multiple(value, unit), 2);
            if (!(error < bestError)) continue;
            best = unit;
            bestError = error;
        }

        if (best != default)
        {
            for (int i = 0; i < wanted.Length; i++) multiples[i] = (byte)Multiple(wanted[i], best);
        }

        return best;
    }

    private static int Multiple(double value, Half unit) => (int)Math.Clamp(Math.Round(value / (double)unit), 0, Top);
}
