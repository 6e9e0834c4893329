namespace ArrowQuant.Exports.Gguf;

/// <summary>The straight line through weighted points, by least squares.</summary>
internal static class LineFit
{
    /// <summary>Slope and value at 0; slope 0 where all weight is at one place.</summary>
    public static (double Slope, double AtZero) Of(ReadOnlySpan<double> places, ReadOnlySpan<double> values, ReadOnlySpan<int> weights)
    {
        double weight = 0, placeSum = 0, valueSum = 0;
        for (int i = 0; i < places.Length; i++)
        {
            weight += weights[i];
            placeSum += weights[i] * places[i];
            valueSum += weights[i] * values[i];
        }

        double placeMean = placeSum / weight, valueMean = valueSum / weight, spread = 0, product = 0;
        for (int i = 0; i < places.Length; i++)
        {
            spread += weights[i] * (places[i] - placeMean) * (places[i] - placeMean);
            product += weights[i] * (places[i] - placeMean) * (values[i] - valueMean);
        }

        double slope = spread == 0 ? 0 : product / spread;
        return (slope, valueMean - slope * placeMean);
    }
}
