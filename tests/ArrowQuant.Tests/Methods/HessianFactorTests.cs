using ArrowQuant.Kernels;
using ArrowQuant.Methods;

namespace ArrowQuant.Tests.Methods;

public sealed class HessianFactorTests
{
    [Theory]
    [InlineData(40, 0.2)]
    [InlineData(127, 0.2)]
    [InlineData(128, 0.1)]
    public void TryCreate_SamplesForTheColumns_DecideTheDamping(int samples, double damping)
    {
        HessianFactor factor = Create(Inputs.Pooled(Inputs.Correlated(samples, 64, 3, 1), 64))!;
        Assert.Equal(damping, factor.Damping);
        Assert.False(factor.IsActOrder);
        HessianSegment segment = Assert.Single(factor.Segments);
        Assert.Equal((0, 64), (segment.Start, segment.Length));
    }

    [Fact]
    public void TryCreate_OneSample_IsStillPositiveDefinite()
    {
        HessianFactor factor = Create(Inputs.Pooled(Inputs.Correlated(1, 96, 3, 2), 96))!;
        Assert.All(factor.Segments[0].Factor, value => Assert.True(float.IsFinite(value)));
        Assert.All(Enumerable.Range(0, 96), j => Assert.True(factor.Segments[0].Factor[j * 96 + j] > 0));
    }

    [Fact]
    public void TryCreate_InputsOfZeros_IsNull() => Assert.Null(Create(Inputs.Pooled(new float[64 * 10], 64)));

    [Theory]
    [InlineData(-80)]
    [InlineData(80)]
    public void TryCreate_VerySmallOrLargeInputs_GivesTheSameFactor(int exponent)
    {
        float[] rows = Inputs.Correlated(100, 48, 3, 3);
        HessianFactor expected = Create(Inputs.Pooled(rows, 48))!;
        HessianFactor? actual = Create(Inputs.Pooled([.. rows.Select(value => MathF.ScaleB(value, exponent))], 48));
        Assert.Equal(expected.Segments[0].Factor, actual?.Segments[0].Factor);
        Assert.Equal(expected.ColumnWeights, actual?.ColumnWeights);
    }

    [Fact]
    public void TryCreate_ActOrder_CodesColumnsOfLargeInputsFirst()
    {
        ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(100, 48, 30, 4), 48);
        double[] diagonal = samples.SquareMeans();
        HessianFactor factor = HessianFactor.TryCreate(KernelSet.Create(null), samples, 48, true, 1)!;
        Assert.True(factor.IsActOrder);
        Assert.Equal(Enumerable.Range(0, 48).OrderByDescending(c => diagonal[c]), factor.Segments[0].Order);
    }

    [Fact]
    public void TryCreate_Blocks_AreTheFactorsOfThoseColumnsAlone()
    {
        float[] rows = Inputs.Correlated(300, 100, 3, 5);
        ActivationSamples samples = Inputs.Pooled(rows, 100);
        HessianFactor factor = HessianFactor.TryCreate(KernelSet.Create(null), samples, 64, false, 1)!;
        Assert.Equal([(0, 64), (64, 36)], factor.Segments.Select(segment => (segment.Start, segment.Length)));
        Assert.Equal(64 * 64, factor.Segments[0].Factor.Length);
        Assert.Equal(36 * 36, factor.Segments[1].Factor.Length);
    }

    [Fact]
    public void TryCreate_DeadColumn_IsTiedToNothing()
    {
        float[] rows = Inputs.Correlated(300, 20, 3, 6);
        for (int i = 0; i < 300; i++) rows[i * 20 + 7] = 0;
        float[] factor = Create(Inputs.Pooled(rows, 20))!.Segments[0].Factor;
        for (int j = 0; j < 20; j++)
        {
            if (j == 7) continue;
            Assert.Equal(0, factor[7 * 20 + j]);
            Assert.Equal(0, factor[j * 20 + 7]);
        }
    }

    [Theory]
    [InlineData(0, 8192, 128, 8192)]
    [InlineData(0, 8193, 128, 4096)]
    [InlineData(1000, 5000, 128, 896)]
    [InlineData(256, 5000, 256, 256)]
    [InlineData(300, 256, 128, 256)]
    public void BlockColumns_AnySetting_IsWholeGroups(int setting, int columns, int groupSize, int expected) =>
        Assert.Equal(expected, HessianFactor.BlockColumns(setting, columns, groupSize));

    [Fact]
    public void Importance_Diagonal_HasMeanOneAndIsClippedAroundTheMedian()
    {
        Assert.Empty(HessianFactor.Importance([3, 3, 3]));
        Assert.Empty(HessianFactor.Importance([0, 0]));
        float[] weights = HessianFactor.Importance([0, 1, 1, 1, 1e9]);
        Assert.Equal(1, weights.Average(), 1e-6);
        Assert.Equal(1e-4f, weights[0] / weights[1], 1e-9f);
        Assert.Equal(1e4f, weights[4] / weights[1], 1f);
    }

    private static HessianFactor? Create(ActivationSamples samples) =>
        HessianFactor.TryCreate(KernelSet.Create(null), samples, samples.Features, false, 1);
}
