namespace ArrowQuant.Onnx;

/// <summary>Normally distributed numbers that are the same everywhere: splitmix64 (Steele, Lea, Flood 2014) and Box-Muller.</summary>
internal sealed class GaussianNumbers(ulong seed)
{
    private ulong _state = seed;

    /// <summary>An integer of 0..limit - 1.</summary>
    public long NextInteger(long limit) => (long)(NextUniform() * limit);

    /// <summary>A number of mean 0 and variance 1.</summary>
    public double NextGaussian() => Math.Sqrt(-2 * Math.Log(NextUniform())) * Math.Cos(2 * Math.PI * NextUniform());

    // In (0, 1).
    private double NextUniform()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = (_state ^ _state >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return (((z ^ z >> 31) >> 12) + 0.5) / (1UL << 52);
    }
}
