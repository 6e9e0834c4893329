namespace ArrowQuant.Exports;

/// <summary>How far decoded values of an export are from those of the artefact. Sums are in double, in order.</summary>
internal sealed class DecodedComparison
{
    private double _error;
    private double _energy;

    /// <summary>True while every value was equal (zeros of both signs are).</summary>
    public bool Exact { get; private set; } = true;

    /// <summary>
    /// |found - expected| / |expected|, 2-norms; infinite when values differ from an all-zero tensor, NaN for what is no number.
    /// </summary>
    public double RelativeError => Exact ? 0 : Math.Sqrt(_error / _energy);

    /// <summary>Adds values.</summary>
    public void Add(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(found.Length, expected.Length, nameof(found));
        for (int i = 0; i < expected.Length; i++)
        {
            double value = expected[i];
            _energy += value * value;
            if (expected[i] == found[i]) continue;
            double error = found[i] - value;
            _error += error * error;
            Exact = false;
        }
    }
}
