namespace ArrowQuant.Exports.Gguf;

/// <summary>Where the codes of an affine block go on 16 codes: new code = Slope * code + Shift, w = Step * new code + Least.</summary>
/// <param name="Slope">1, 2 or 4, or one of them negative.</param>
/// <param name="Shift">What is added.</param>
/// <param name="Step">d of Q4_1.</param>
/// <param name="Least">m of Q4_1.</param>
internal readonly record struct AffinePlace(int Slope, int Shift, Half Step, Half Least)
{
    private const int Top = 15;

    // Powers of two, so that the step stays a float16 value where the scale is one.
    private static ReadOnlySpan<int> Slopes => [1, -1, 2, -2, 4, -4];

    /// <summary>Finds the place with the least error; the first of equally good ones.</summary>
    public static AffinePlace Find(ReadOnlySpan<byte> codes, float scale, float zeroPoint)
    {
        int low = codes[0], high = codes[0];
        double sum = 0, squares = 0;
        foreach (byte code in codes)
        {
            low = Math.Min(low, code);
            high = Math.Max(high, code);
            sum += code;
            squares += code * code;
        }

        AffinePlace best = default;
        double bestError = double.PositiveInfinity;
        foreach (int slope in Slopes)
        {
            int bottom = Math.Min(slope * low, slope * high), top = Math.Max(slope * low, slope * high);
            double step = (double)scale / slope;
            double stepError = (double)(Half)step - step;
            for (int shift = -bottom; shift + top <= Top; shift++)
            {
                // w = scale * code - scale * zero point, and code = (new code - shift) / slope.
                double least = -(step * shift) - ((double)scale * zeroPoint);
                double leastError = (double)(Half)least - least;
                double newSum = slope * sum + codes.Length * (double)shift;
                double newSquares = slope * slope * squares + 2.0 * slope * shift * sum + codes.Length * (double)shift * shift;
                double error = stepError * stepError * newSquares + 2 * stepError * leastError * newSum
                    + codes.Length * leastError * leastError;
                if (!(error < bestError)) continue;
                best = new AffinePlace(slope, shift, (Half)step, (Half)least);
                bestError = error;
                if (error == 0) return best;
            }
        }

        return best;
    }
}
