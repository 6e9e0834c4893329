namespace ArrowQuant.Methods;

/// <summary>
/// What calibration data adds to quantized rows: the gain of each row from its outputs instead of its weights, the shift that a layer's
/// bias takes up, and the comparison of outputs on rows that were not used for the fit.
/// </summary>
/// <param name="Fit">Rows that the layer is fitted on.</param>
/// <param name="HeldOut">Rows that it is measured on.</param>
/// <param name="Mean">Mean input of every channel over time groups; null for a layer without a bias to correct.</param>
internal sealed record OutputCorrection(OutputMeter Fit, OutputMeter HeldOut, double[]? Mean)
{
    /// <summary>The mean input in the original model where that differs from <see cref="Mean"/>, else null.</summary>
    public double[]? OriginalMean { get; init; }

    /// <summary>
    /// The mean of (W - W^) x for every row of [rows, features] weights, with the original model's inputs of W x - W^ x: what the bias
    /// must take up.
    /// </summary>
    public float[] ShiftsOf(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        if (Mean is null) return [];
        float[] shifts = new float[original.Length / Mean.Length];
        for (int r = 0; r < shifts.Length; r++)
        {
            double sum = 0;
            for (int c = 0; c < Mean.Length && OriginalMean is not null; c++)
                sum += (double)original[r * Mean.Length + c] * (OriginalMean[c] - Mean[c]);
            for (int c = 0; c < Mean.Length; c++) sum += ((double)original[r * Mean.Length + c] - decoded[r * Mean.Length + c]) * Mean[c];
            shifts[r] = (float)sum;
        }

        return shifts;
    }
}
