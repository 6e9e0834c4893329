using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using CsCheck;

namespace ArrowQuant.Tests.Calibration;

public sealed class TimePartitionerTests
{
    private static readonly Gen<(double[] LogRanges, int Groups)> Cases =
        Gen.Select(Gen.Double[-5, 5].Array[1, 80], Gen.Int[1, 100], (ranges, groups) => (ranges, groups));

    public static TheoryData<TimePartition> Partitions => [.. Enum.GetValues<TimePartition>()];

    [Theory]
    [MemberData(nameof(Partitions))]
    public void Cut_AnyRanges_GivesAscendingGroupsAndNoEmptyOne(TimePartition partition) => Cases.Sample(test =>
    {
        int[] starts = TimePartitioner.Cut(partition, test.LogRanges, test.Groups);
        Assert.Equal(Math.Min(test.Groups, test.LogRanges.Length), starts.Length);
        Assert.Equal(0, starts[0]);
        for (int k = 1; k < starts.Length; k++) Assert.True(starts[k] > starts[k - 1]);
        Assert.True(starts[^1] < test.LogRanges.Length);
    });

    [Fact]
    public void Optimal_AnyRanges_CostsNoMoreThanTheOthers() => Cases.Sample(test =>
    {
        double optimal = CostOf(TimePartition.Optimal, test);
        Assert.True(optimal <= CostOf(TimePartition.Quantile, test) + 1e-9);
        Assert.True(optimal <= CostOf(TimePartition.Uniform, test) + 1e-9);
    });

    [Fact]
    public void Optimal_FewTimesteps_CostsWhatTheBestOfAllCutsCosts() =>
        Gen.Select(Gen.Double[-3, 3].Array[1, 9], Gen.Int[1, 9], (ranges, groups) => (ranges, groups)).Sample(test =>
        {
            int groups = Math.Min(test.groups, test.ranges.Length);
            double best = AllCuts(test.ranges.Length, groups).Min(cut => TimePartitioner.Cost(test.ranges, cut));
            double found = TimePartitioner.Cost(test.ranges, TimePartitioner.Optimal(test.ranges, groups));
            Assert.Equal(best, found, 1e-9);
        });

    [Fact]
    public void Optimal_ThreePlateaus_CutsAtTheirEdges()
    {
        double[] ranges = [.. Enumerable.Repeat(1.0, 5), .. Enumerable.Repeat(3.0, 17), .. Enumerable.Repeat(-2.0, 8)];
        Assert.Equal([0, 5, 22], TimePartitioner.Optimal(ranges, 3));
    }

    [Fact]
    public void Optimal_MoreTimestepsThanItComparesOneByOne_StillCutsAtTheEdge()
    {
        double[] ranges = [.. Enumerable.Repeat(1.0, 5000), .. Enumerable.Repeat(3.0, 5000)];
        Assert.Equal([0, 5000], TimePartitioner.Optimal(ranges, 2), (left, right) => Math.Abs(left - right) <= 5);
    }

    [Fact]
    public void Quantile_FastChangeAtTheEnd_PutsMoreGroupsThere()
    {
        double[] ranges = [.. Enumerable.Range(0, 100).Select(t => t < 80 ? 0.0 : (t - 80) * 0.5)];
        int[] starts = TimePartitioner.Quantile(ranges, 10);
        Assert.True(starts.Count(start => start >= 80) >= 8, string.Join(' ', starts));
    }

    [Fact]
    public void Quantile_SteadyRange_IsUniform() =>
        Assert.Equal(TimePartitioner.Uniform(100, 10), TimePartitioner.Quantile(new double[100], 10));

    [Fact]
    public void Uniform_TenOfTwentyOne_CutsAtFloors() => Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14, 16, 18], TimePartitioner.Uniform(21, 10));

    [Fact]
    public void LogRanges_ConstantTimesteps_AreFinite()
    {
        TimestepStatistics[] steps = [TimestepStatistics.Nothing(0).With([2, 2]), TimestepStatistics.Nothing(1).With([0, 8])];
        double[] ranges = TimePartitioner.LogRanges(steps);
        Assert.Equal([Math.Log(1e-6), 0], ranges);
        Assert.Equal([0], TimePartitioner.LogRanges(steps.AsSpan(0, 1)));
    }

    private static double CostOf(TimePartition partition, (double[] LogRanges, int Groups) test) =>
        TimePartitioner.Cost(test.LogRanges, TimePartitioner.Cut(partition, test.LogRanges, test.Groups));

    private static IEnumerable<int[]> AllCuts(int count, int groups)
    {
        for (int mask = 0; mask < 1 << (count - 1); mask++)
        {
            if (int.PopCount(mask) == groups - 1)
                yield return [0, .. Enumerable.Range(1, count - 1).Where(t => (mask >> (t - 1) & 1) == 1)];
        }
    }
}
