namespace ArrowQuant.Benchmarks.Peers;

/// <summary>k-means: every group has 2^bits binary16 levels of its own, found by Lloyd iterations from even quantiles.</summary>
internal sealed class FreeLevels(int bits, int groupSize) : IPeerType
{
    private const int Rounds = 30;

    public string Name => $"k-means, {1 << bits} levels per group";

    public int BlockLength => groupSize;

    public double BitsPerWeight => bits + 16.0 * (1 << bits) / groupSize;

    public void Round(ReadOnlySpan<float> block, Span<float> decoded)
    {
        int count = 1 << bits;
        float[] sorted = block.ToArray();
        Array.Sort(sorted);
        float[] levels = [.. Enumerable.Range(0, count).Select(i => sorted[(2 * i + 1) * sorted.Length / (2 * count)])];
        for (int round = 0; round < Rounds; round++)
        {
            double[] sums = new double[count];
            int[] members = new int[count];
            foreach (float value in block)
            {
                int nearest = Nearest(levels, value);
                sums[nearest] += value;
                members[nearest]++;
            }

            for (int i = 0; i < count; i++)
                if (members[i] > 0) levels[i] = (float)(sums[i] / members[i]);
        }

        for (int i = 0; i < count; i++) levels[i] = (float)(Half)levels[i];
        for (int i = 0; i < block.Length; i++) decoded[i] = levels[Nearest(levels, block[i])];
    }

    private static int Nearest(float[] levels, float value)
    {
        int best = 0;
        for (int i = 1; i < levels.Length; i++)
            if (MathF.Abs(levels[i] - value) < MathF.Abs(levels[best] - value)) best = i;
        return best;
    }
}
