using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>Viterbi paths and what their codes stand for.</summary>
public sealed class TrellisKernelTests
{
    private static readonly KernelSet Scalar = KernelSet.Create("scalar");

    public static TheoryData<string, int> Kernels { get; } =
        [.. from name in KernelSet.Names from bits in new[] { 4, 6 } select new TheoryDataRow<string, int>(name, bits)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EncodeTrellis_ShortSequences_IsTheBestOfAllPaths(string width, int stateBits)
    {
        KernelSet kernels = KernelSet.Create(width);
        TrellisTable table = Table(stateBits);
        var random = new SeededNumbers(17);
        for (int length = 1; length <= 7; length++)
        {
            for (int trial = 0; trial < 20; trial++)
            {
                float[] values = random.Gaussian(length);
                float[] gains = [.. random.Gaussian(length).Select(value => table.Unit * (0.6f + Math.Abs(value)))];
                byte[] codes = new byte[length];
                kernels.EncodeTrellis(table, values, gains, codes);
                Assert.Equal(BestCost(table, values, gains), Cost(table, values, gains, codes), 6);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EncodeTrellis_EqualPaths_TakesTheLowestStates(string width, int stateBits)
    {
        // A gain of zero makes all paths equal.
        byte[] codes = [3, 3, 3, 3, 3, 3, 3];
        KernelSet.Create(width).EncodeTrellis(Table(stateBits), new float[7], new float[7], codes);
        Assert.Equal(new byte[7], codes);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EncodeTrellis_RowsAndExtremes_EqualsScalar(string width, int stateBits)
    {
        KernelSet kernels = KernelSet.Create(width);
        TrellisTable table = Table(stateBits);
        var random = new SeededNumbers(5);
        foreach ((int count, int columns, int groupSize) in new[] { (1, 1, 32), (3, 33, 32), (70, 100, 32), (1100, 17, 17) })
        {
            foreach (float unit in new[] { 1f, 1e-38f, 1e30f })
            {
                float[] weights = [.. random.Gaussian(count * columns).Select(value => value * unit)];
                var rows = new GroupRows(weights, columns, groupSize);
                float[] gains = [.. random.Gaussian(count * rows.GroupsPerRow).Select(value => Math.Abs(value) * unit * table.Unit)];
                gains[0] = 0f;
                byte[] expected = new byte[weights.Length];
                byte[] actual = new byte[weights.Length];
                Scalar.EncodeTrellis(table, rows, gains, expected);
                kernels.EncodeTrellis(table, rows, gains, actual);
                Assert.Equal(expected, actual);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void EncodeTrellis_Tiles_BeginInStateZero(string width, int stateBits)
    {
        KernelSet kernels = KernelSet.Create(width);
        TrellisTable table = Table(stateBits);
        float[] weights = new SeededNumbers(8).Gaussian(TrellisTable.TileRows + 40);
        float[] gains = [.. weights.Select(_ => table.Unit)];
        byte[] codes = new byte[weights.Length];
        kernels.EncodeTrellis(table, new GroupRows(weights, 1, 1), gains, codes);
        byte[] second = new byte[40];
        kernels.EncodeTrellis(table, weights.AsSpan(TrellisTable.TileRows), gains.AsSpan(0, 40), second);
        Assert.Equal(second, codes[TrellisTable.TileRows..]);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void StepTrellis_EveryLength_FollowsTheDefinition(string width, int stateBits)
    {
        KernelSet kernels = KernelSet.Create(width);
        TrellisTable table = Table(stateBits);
        var random = new Random(3);
        for (int length = 0; length <= 257; length++)
        {
            byte[] states = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(table.States))];
            byte[] codes = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(4))];
            byte[] next = [.. states.Zip(codes, (state, code) => (byte)((4 * state + code) % table.States))];
            byte[] expected = [.. next.Select(state => (byte)(table.Values[state] + 128))];
            kernels.StepTrellis(table, states, codes);
            Assert.Equal(next, states);
            Assert.Equal(expected, codes);
        }
    }

    private static TrellisTable Table(int stateBits) => stateBits == 4 ? TrellisTable.Four : TrellisTable.Six;

    private static double Cost(TrellisTable table, float[] values, float[] gains, byte[] codes)
    {
        int state = 0;
        double cost = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            state = (4 * state + codes[i]) % table.States;
            double difference = values[i] - (double)gains[i] * table.Values[state];
            cost += difference * difference;
        }

        return cost;
    }

    private static double BestCost(TrellisTable table, float[] values, float[] gains)
    {
        double best = double.PositiveInfinity;
        byte[] codes = new byte[values.Length];
        for (int path = 0; path < 1 << 2 * values.Length; path++)
        {
            for (int i = 0; i < codes.Length; i++) codes[i] = (byte)(path >> 2 * i & 3);
            best = Math.Min(best, Cost(table, values, gains, codes));
        }

        return best;
    }
}
