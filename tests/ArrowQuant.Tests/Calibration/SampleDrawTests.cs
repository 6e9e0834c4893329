using ArrowQuant.Calibration;
using CsCheck;

namespace ArrowQuant.Tests.Calibration;

[Trait("Category", "Property")]
public sealed class SampleDrawTests
{
    // Rows at each timestep, groups, cap.
    private static readonly Gen<(int[] Counts, int Groups, int Cap)> Cases =
        Gen.Select(Gen.Int[1, 20].Array[1, 60], Gen.Int[1, 20], Gen.Int[1, 40], (counts, groups, cap) => (counts, groups, cap));

    [Fact]
    public void Of_AnyCounts_DrawsDistinctRowsOfTheirGroupsUpToTheCap() => Cases.Sample(test =>
    {
        (SampleDraw draw, int[] starts, int[] stepStarts) = Draw(test);
        Assert.Equal(draw.Rows.Length, draw.Rows.Distinct().Count());
        Assert.Equal(draw.Rows.Length, draw.Groups.Length);
        Assert.Equal(draw.Rows.Length, draw.HeldOut.Length);
        Assert.Equal(draw.Rows.Order(), draw.Rows); // rows are numbered by timestep here
        int expected = 0;
        for (int g = 0; g < starts.Length; g++)
        {
            int end = g + 1 < starts.Length ? starts[g + 1] : test.Counts.Length;
            int there = stepStarts[end] - stepStarts[starts[g]];
            int drawn = draw.Rows.Count(row => row >= stepStarts[starts[g]] && row < stepStarts[end]);
            Assert.Equal(Math.Min(there, test.Cap), drawn);
            expected += drawn;
        }

        Assert.Equal(expected, draw.Rows.Length);
    });

    [Fact]
    public void Of_AnyCounts_SharesOfTimestepsInAGroupDifferByOneAtMost() => Cases.Sample(test =>
    {
        (SampleDraw draw, int[] starts, int[] stepStarts) = Draw(test);
        for (int g = 0; g < starts.Length; g++)
        {
            int end = g + 1 < starts.Length ? starts[g + 1] : test.Counts.Length;
            int[] drawn = [.. Enumerable.Range(starts[g], end - starts[g])
                .Select(step => draw.Rows.Count(row => row >= stepStarts[step] && row < stepStarts[step + 1]))];

            // A timestep that gave all that it has may give less.
            int[] limited = [.. drawn.Where((count, i) => count < test.Counts[starts[g] + i])];
            if (limited.Length > 0) Assert.True(drawn.Max() - limited.Min() <= 1, string.Join(' ', drawn));
        }
    });

    /// <summary>
    /// Purpose: rows that are recorded sample by sample are drawn from every position. Input: forty samples of 64 positions at a timestep,
    /// of which a cap leaves one row in eight or forty. Expected: positions are drawn about equally often; evenly spaced rows would meet
    /// eight of the 64 alone.
    /// </summary>
    [Theory]
    [InlineData(320)]
    [InlineData(64)]
    public void Of_RowsSampleBySample_DrawsEveryPosition(int cap)
    {
        const int Positions = 64, Samples = 40;
        int[] drawn = new int[Positions];
        (SampleDraw draw, _, _) = Draw(([Positions * Samples], 1, cap));
        foreach (int row in draw.Rows) drawn[row % Positions]++;
        Assert.InRange(drawn.Count(count => count > 0), Positions * 5 / 8, Positions);
        Assert.InRange(drawn.Max(), 1, 3 * cap / Positions);
    }

    [Fact]
    public void Of_AnyCounts_HoldsOutAQuarterThatIsBalancedOverTime() => Cases.Sample(test =>
    {
        (SampleDraw draw, _, _) = Draw(test);
        Assert.Equal(draw.Rows.Length / 4, draw.HeldOut.Count(held => held));
        for (int first = 0; first + 16 <= draw.HeldOut.Length; first++)
            Assert.InRange(draw.HeldOut.Skip(first).Take(16).Count(held => held), 3, 5);
    });

    [Fact]
    public void Of_AnyCounts_EveryGroupHasARowToFit() => Cases.Sample(test =>
    {
        (SampleDraw draw, int[] starts, _) = Draw(test);
        int[] fitted = [.. draw.Groups.Where((_, i) => !draw.HeldOut[i]).Distinct().Order()];
        Assert.Equal(Enumerable.Range(0, draw.GroupStarts.Length), fitted);
        Assert.Equal(0, draw.GroupStarts[0]);
        Assert.All(draw.GroupStarts, start => Assert.Contains(start, starts));
        Assert.Equal(draw.Groups.Order(), draw.Groups);
    });

    [Fact]
    public void Of_SameInput_DrawsTheSameRows() => Cases.Sample(test =>
    {
        (SampleDraw first, _, _) = Draw(test);
        (SampleDraw second, _, _) = Draw(test);
        Assert.Equal(first.Rows, second.Rows);
        Assert.Equal(first.HeldOut, second.HeldOut);
        Assert.Equal(first.Groups, second.Groups);
    });

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(12)]
    [InlineData(16)]
    public void HeldOutOf_ManyTimestepsOfEqualSize_PrefersNoPositionWithinATimestep(int rowsPerStep)
    {
        bool[] heldOut = SampleDraw.HeldOutOf(rowsPerStep * 400);
        for (int position = 0; position < rowsPerStep; position++)
        {
            int held = Enumerable.Range(0, 400).Count(step => heldOut[(step * rowsPerStep) + position]);
            Assert.InRange(held, 80, 120);
        }
    }

    [Fact]
    public void Of_OneRowInEachGroup_MergesGroupsWhoseOnlyRowIsHeldOut()
    {
        (SampleDraw draw, _, _) = Draw((Enumerable.Repeat(1, 12).ToArray(), 12, 1));
        Assert.Equal(9, draw.GroupStarts.Length);
        Assert.Equal(3, draw.HeldOut.Count(held => held));
    }

    private static (SampleDraw Draw, int[] Starts, int[] StepStarts) Draw((int[] Counts, int Groups, int Cap) test)
    {
        int[] stepStarts = new int[test.Counts.Length + 1];
        for (int step = 0; step < test.Counts.Length; step++) stepStarts[step + 1] = stepStarts[step] + test.Counts[step];
        int[] order = [.. Enumerable.Range(0, stepStarts[^1])];
        int[] starts = TimePartitioner.Uniform(test.Counts.Length, test.Groups);
        return (SampleDraw.Of(order, stepStarts, starts, test.Cap), starts, stepStarts);
    }
}
