using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>Every lane is sorted, at every width and length, and weights stay with their values.</summary>
public sealed unsafe class SortingNetworkTests
{
    private static readonly int[] Counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

    [Fact]
    public void Sort_EveryPowerOfTwo_Ascends()
    {
        foreach (int count in Counts)
        {
            Sorts<Lanes1, Unweighted>(count);
            Sorts<Lanes4, Unweighted>(count);
            Sorts<Lanes8, Unweighted>(count);
            Sorts<Lanes16, Unweighted>(count);
            Sorts<Lanes1, Weighted>(count);
            Sorts<Lanes4, Weighted>(count);
            Sorts<Lanes8, Weighted>(count);
            Sorts<Lanes16, Weighted>(count);
        }
    }

    /// <summary>
    /// Purpose: one merge sorts what falls and then rises, as distances to an offset do. Input: every power of two, the turn at another
    /// place in every lane. Expected: ascending values, the same ones as before.
    /// </summary>
    [Fact]
    public void Merge_ValuesThatFallAndRise_Ascends()
    {
        foreach (int count in Counts)
        {
            Merges<Lanes1>(count);
            Merges<Lanes4>(count);
            Merges<Lanes8>(count);
            Merges<Lanes16>(count);
        }
    }

    private static void Sorts<T, TWeighting>(int count)
        where T : unmanaged, ILanes<T>
        where TWeighting : struct, IWeighting
    {
        int lanes = T.Count;
        float[] values = new SeededNumbers((ulong)count).Gaussian(count * lanes);
        float[] memory = new float[4 * values.Length];
        values.CopyTo(memory, 0);
        for (int i = 0; i < values.Length; i++) memory[2 * values.Length + i] = 3 * values[i];
        fixed (float* x = memory) SortingNetwork<T, TWeighting>.Sort(x, count);
        AssertSorted(values, memory, count, lanes);
        if (!TWeighting.HasWeights) return;
        for (int i = 0; i < values.Length; i++) Assert.Equal(3 * memory[i], memory[2 * values.Length + i]);
    }

    private static void Merges<T>(int count)
        where T : unmanaged, ILanes<T>
    {
        int lanes = T.Count;
        float[] values = new float[count * lanes];
        for (int lane = 0; lane < lanes; lane++)
        {
            float turn = (lane + 0.3f) * count / lanes;
            for (int i = 0; i < count; i++) values[i * lanes + lane] = MathF.Abs(i - turn);
        }

        float[] memory = [.. values];
        fixed (float* x = memory) SortingNetwork<T, Unweighted>.Merge(x, count, count / 2);
        AssertSorted(values, memory, count, lanes);
    }

    private static void AssertSorted(float[] before, float[] after, int count, int lanes)
    {
        for (int lane = 0; lane < lanes; lane++)
        {
            IEnumerable<int> places = Enumerable.Range(0, count).Select(i => i * lanes + lane);
            Assert.Equal(places.Select(place => before[place]).Order(), places.Select(place => after[place]));
        }
    }
}
