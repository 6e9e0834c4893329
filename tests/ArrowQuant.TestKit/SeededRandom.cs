using System.Numerics;

namespace ArrowQuant.TestKit;

/// <summary>
/// xoshiro256** seeded by splitmix64 (Blackman and Vigna, public domain), so that test data never change with the framework.
/// </summary>
public sealed class SeededRandom
{
    private readonly ulong[] _state = new ulong[4];
    private double _spare = double.NaN;

    /// <summary>Starts the sequence of a seed.</summary>
    public SeededRandom(ulong seed)
    {
        for (int i = 0; i < _state.Length; i++)
        {
            seed += 0x9E3779B97F4A7C15;
            ulong z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            _state[i] = z ^ (z >> 31);
        }
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(_state[1] * 5, 7) * 9;
        ulong shifted = _state[1] << 17;
        _state[2] ^= _state[0];
        _state[3] ^= _state[1];
        _state[1] ^= _state[2];
        _state[0] ^= _state[3];
        _state[2] ^= shifted;
        _state[3] = BitOperations.RotateLeft(_state[3], 45);
        return result;
    }

    /// <summary>Uniform in (0, 1), both ends excluded.</summary>
    public double NextUniform() => ((NextBits() >> 12) + 0.5) / (1UL << 52);

    /// <summary>Uniform integer in [0, <paramref name="limit"/>).</summary>
    public int NextInteger(int limit) => (int)(NextUniform() * limit);

    /// <summary>Standard normal, by Box and Muller.</summary>
    public double NextGaussian()
    {
        if (!double.IsNaN(_spare))
        {
            double spare = _spare;
            _spare = double.NaN;
            return spare;
        }

        double radius = Math.Sqrt(-2 * Math.Log(NextUniform()));
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * NextUniform());
        _spare = radius * sine;
        return radius * cosine;
    }
}
