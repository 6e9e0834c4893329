namespace ArrowQuant.Calibration;

/// <summary>
/// A contiguous group of denoising timesteps: its rows, and the range, scale and zero point of the layer's input as 8-bit run-times
/// want them (they never touch weights).
/// </summary>
/// <param name="Start">First timestep; the first group begins at 0.</param>
/// <param name="End">One past the last timestep; the next group begins there.</param>
/// <param name="FitCount">Rows that may be fitted to; for moments, buckets.</param>
/// <param name="Min">Smallest input value.</param>
/// <param name="Max">Largest input value.</param>
/// <param name="Scale">(Max - Min) / 255, never 0.</param>
/// <param name="ZeroPoint">The code of 0, 0..255.</param>
/// <param name="Mean">Mean of the input values; 0 where only moments are known.</param>
/// <param name="Std">Standard deviation of the input values; their root mean square where only moments are known.</param>
internal sealed record TimeGroup(
    int Start, int End, long FitCount, float Min, float Max, float Scale, float ZeroPoint, double Mean, double Std)
{
    private const int Levels = 255;
    private const double SmallestRange = 1e-12;

    /// <summary>Describes timesteps that follow each other.</summary>
    /// <param name="start">First timestep of the group.</param>
    /// <param name="end">One past its last.</param>
    /// <param name="fitCount">Rows that may be fitted to.</param>
    /// <param name="steps">At least one timestep.</param>
    public static TimeGroup Of(int start, int end, long fitCount, ReadOnlySpan<TimestepStatistics> steps)
    {
        long count = 0;
        double sum = 0;
        double squareSum = 0;
        float min = float.PositiveInfinity;
        float max = float.NegativeInfinity;
        foreach (TimestepStatistics step in steps)
        {
            count += step.Values;
            sum += step.Sum;
            squareSum += step.SquareSum;
            min = Math.Min(min, step.Min);
            max = Math.Max(max, step.Max);
        }

        double mean = sum / count;
        double std = Math.Sqrt(Math.Max(0, (squareSum / count) - (mean * mean)));
        double range = (double)max - min;
        float scale = (float)(range > 0 ? range / Levels : Math.Max(Math.Abs(max), SmallestRange) / Levels);
        if (scale == 0) scale = (float)(SmallestRange / Levels);
        float zeroPoint = (float)Math.Clamp(Math.Round(0 - (min / (double)scale)), 0, Levels);
        return new TimeGroup(start, end, fitCount, min, max, scale, zeroPoint, mean, std);
    }
}
