namespace ArrowQuant.Quality;

/// <summary>
/// Sums over matrix rows that the damage estimate is made of. For the outputs y of a row and those y^ of its decoded form,
/// <c>y^ - y = shift + (gamma - 1) (y - mean y) + n</c>, where n is what a straight line through the outputs leaves over.
/// </summary>
internal struct DamageSums
{
    // What is off in the same way for every input adds up through layers and steps, noise averages out.
    private const double BiasFactor = 3;
    private const double WeightBiasFactor = 10;

    /// <summary>Sum of the energies of n.</summary>
    public double Noise;

    /// <summary>Sum of shift^2 and (gamma - 1)^2 (y - mean y)^2, over every sample.</summary>
    public double Bias;

    /// <summary>Sum of y^2.</summary>
    public double Original;

    /// <summary>(noise + 3 bias^2) / energy of the outputs; null without outputs.</summary>
    public readonly double? Estimate => Original > 0 ? (Noise + BiasFactor * Bias) / Original : null;

    /// <summary>
    /// The estimate from weights alone: <c>1 / c^2 - 1 + 10 (1 - g)^2</c> for their cosine c and their gain g; infinite for a cosine that
    /// is not positive.
    /// </summary>
    public static double OfWeights(double cosine, double gain) => cosine > 0
        ? 1 / (cosine * cosine) - 1 + WeightBiasFactor * (1 - gain) * (1 - gain)
        : double.PositiveInfinity;

    /// <summary>Adds the sums of other rows.</summary>
    public void Add(in DamageSums part)
    {
        Noise += part.Noise;
        Bias += part.Bias;
        Original += part.Original;
    }

    /// <summary>Adds what [samples, rows] outputs tell of some rows.</summary>
    /// <param name="original">Outputs with original weights.</param>
    /// <param name="decoded">Outputs with decoded weights.</param>
    /// <param name="shifts">What a corrected bias adds to each row's decoded output, or empty.</param>
    /// <param name="rows">Matrix rows.</param>
    public void Add(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded, ReadOnlySpan<float> shifts, int rows)
    {
        int samples = rows == 0 ? 0 : original.Length / rows;
        if (samples == 0) return;
        double[] mean = new double[rows];
        double[] shift = new double[rows];
        double[] energy = new double[rows];
        for (int i = 0; i < original.Length; i += rows)
        {
            for (int r = 0; r < rows; r++)
            {
                double y = original[i + r];
                mean[r] += y;
                shift[r] += decoded[i + r] - y;
                energy[r] += y * y;
            }
        }

        for (int r = 0; r < rows; r++)
        {
            mean[r] /= samples;
            shift[r] /= samples;
        }

        double[] variance = new double[rows];
        double[] covariance = new double[rows];
        double[] spread = new double[rows];
        for (int i = 0; i < original.Length; i += rows)
        {
            for (int r = 0; r < rows; r++)
            {
                double y = original[i + r] - mean[r];
                double d = (double)decoded[i + r] - original[i + r] - shift[r];
                variance[r] += y * y;
                covariance[r] += y * d;
                spread[r] += d * d;
            }
        }

        for (int r = 0; r < rows; r++)
        {
            double slanted = variance[r] > 0 ? covariance[r] * covariance[r] / variance[r] : 0;
            double shifted = shift[r] + (shifts.IsEmpty ? 0 : shifts[r]);
            Noise += Math.Max(0, spread[r] - slanted);
            Bias += samples * shifted * shifted + slanted;
            Original += energy[r];
        }
    }
}
