namespace ArrowQuant.Calibration;

/// <summary>What a layer's input looks like at one timestep.</summary>
/// <param name="Timestep">The timestep.</param>
/// <param name="Values">How many values were seen.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
/// <param name="Sum">Their sum.</param>
/// <param name="SquareSum">The sum of their squares.</param>
internal readonly record struct TimestepStatistics(int Timestep, long Values, float Min, float Max, double Sum, double SquareSum)
{
    /// <summary>A timestep of which nothing was seen yet.</summary>
    public static TimestepStatistics Nothing(int timestep) => new(timestep, 0, float.PositiveInfinity, float.NegativeInfinity, 0, 0);

    /// <summary>These statistics with more values.</summary>
    public TimestepStatistics With(ReadOnlySpan<float> values)
    {
        float min = Min;
        float max = Max;
        double sum = 0;
        double squareSum = 0;
        foreach (float value in values)
        {
            min = Math.Min(min, value);
            max = Math.Max(max, value);
            sum += value;
            squareSum += (double)value * value;
        }

        return new TimestepStatistics(Timestep, Values + values.Length, min, max, Sum + sum, SquareSum + squareSum);
    }
}
