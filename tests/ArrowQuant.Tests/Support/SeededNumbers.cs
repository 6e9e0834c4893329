namespace ArrowQuant.Tests.Support;

/// <summary>Reproducible random values: splitmix64 and Box-Muller, so that they never change with the framework.</summary>
internal sealed class SeededNumbers(ulong seed)
{
    private ulong _state = seed;

    public double Uniform() => ((NextBits() >> 11) + 0.5) / (1UL << 53);

    public int Below(int bound) => (int)(NextBits() % (ulong)bound);

    public double Gaussian() => Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    public double Laplace()
    {
        double u = Uniform() - 0.5;
        return -Math.Sign(u) * Math.Log(1 - 2 * Math.Abs(u)) / Math.Sqrt(2);
    }

    public float[] Gaussian(int count, double scale = 1)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(Gaussian() * scale);
        return values;
    }

    private ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
