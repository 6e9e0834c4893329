using ArrowQuant.Quality;

namespace ArrowQuant.Tests.Quality;

public sealed class DamageSumsTests
{
    // Two rows over four samples, [samples, rows].
    private static readonly float[] Original = [1, 2, 2, 0, 3, -2, 6, 4];

    [Fact]
    public void Add_OutputsThatAreTheSame_CostNothing()
    {
        DamageSums sums = default;
        sums.Add(Original, Original, [], 2);
        Assert.Equal((0.0, 0.0, 74.0), (sums.Noise, sums.Bias, sums.Original));
        Assert.Equal(0.0, sums.Estimate);
    }

    [Fact]
    public void Add_ShiftOfOneRow_IsBiasAndTheCorrectionTakesItUp()
    {
        float[] shifted = [.. Original.Select((y, i) => i % 2 == 0 ? y + 0.5f : y)];
        DamageSums sums = default;
        sums.Add(Original, shifted, [], 2);
        Assert.Equal((0.0, 1.0), (sums.Noise, sums.Bias));
        Assert.Equal(3 / 74.0, sums.Estimate!.Value, 1e-15);
        DamageSums corrected = default;
        corrected.Add(Original, shifted, [-0.5f, 0], 2);
        Assert.Equal(0.0, corrected.Estimate);
    }

    [Fact]
    public void Add_OutputsThatAreHalfAsLarge_AreBiasWithoutNoise()
    {
        // Row 0 has mean 3 and squared deviations 4 + 1 + 0 + 9, row 1 mean 1 and 1 + 1 + 9 + 9.
        DamageSums sums = default;
        sums.Add(Original, [.. Original.Select(y => y / 2)], [], 2);
        Assert.Equal(0, sums.Noise, 1e-12);
        Assert.Equal(4 * (1.5 * 1.5 + 0.5 * 0.5) + 0.25 * (14 + 20), sums.Bias, 1e-12);
    }

    [Fact]
    public void Add_ErrorThatIsUnlikeTheOutputs_IsNoise()
    {
        // One row 1, 1, -1, -1 whose error 1, -1, 1, -1 has no mean and no share of it.
        DamageSums sums = default;
        sums.Add([1, 1, -1, -1], [2, 0, 0, -2], [], 1);
        Assert.Equal((4.0, 0.0, 4.0), (sums.Noise, sums.Bias, sums.Original));
        Assert.Equal(1.0, sums.Estimate);
    }

    [Fact]
    public void Add_RowThatIsAlwaysTheSame_HasItsErrorInTheShift()
    {
        DamageSums sums = default;
        sums.Add([2, 2, 2], [2.5f, 2.5f, 2.5f], [], 1);
        Assert.Equal((0.0, 0.75, 12.0), (sums.Noise, sums.Bias, sums.Original));
    }

    [Fact]
    public void Add_NoOutputs_HasNoEstimate()
    {
        DamageSums sums = default;
        sums.Add([], [], [], 0);
        Assert.Null(sums.Estimate);
        sums.Add([0, 0], [1, 1], [], 1);
        Assert.Null(sums.Estimate);
    }

    [Fact]
    public void Add_PartsOfALayer_GiveTheSumsOfTheWhole()
    {
        float[] decoded = [.. Original.Select((y, i) => y + 0.1f * (i % 3))];
        DamageSums whole = default;
        whole.Add(Original, decoded, [], 2);
        DamageSums parts = default;
        for (int row = 0; row < 2; row++)
        {
            int r = row;
            DamageSums part = default;
            part.Add([.. Original.Where((_, i) => i % 2 == r)], [.. decoded.Where((_, i) => i % 2 == r)], [], 1);
            parts.Add(part);
        }

        Assert.Equal(whole, parts);
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(0.8, 1, 0.5625)]
    [InlineData(0.8, 0.9, 0.6625)]
    [InlineData(0, 1, double.PositiveInfinity)]
    [InlineData(-0.5, 1, double.PositiveInfinity)]
    public void OfWeights_CosineAndGain_FollowTheFormula(double cosine, double gain, double damage) =>
        Assert.Equal(damage, DamageSums.OfWeights(cosine, gain), 1e-12);
}
