using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class DenseLayerTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 4, 7)]
    [InlineData(4, 32, 16)]
    [InlineData(5, 33, 9)]
    [InlineData(9, 70, 40)]
    public void Apply_AnyShape_IsTheProduct(int rows, int outputs, int inputs)
    {
        float[] weights = SyntheticModels.Values(WeightDistribution.Gaussian, outputs * inputs, 1, standardDeviation: 1);
        float[] bias = SyntheticModels.Values(WeightDistribution.Gaussian, outputs, 2, standardDeviation: 1);
        float[] x = SyntheticModels.Values(WeightDistribution.Gaussian, rows * inputs, 3, standardDeviation: 1);
        float[] actual = new float[rows * outputs];
        new DenseLayer(weights, bias, outputs, inputs).Apply(x, actual, rows);
        float[] expected = new float[rows * outputs];
        for (int i = 0; i < expected.Length; i++)
        {
            (int row, int o) = (i / outputs, i % outputs);
            expected[i] =
                (float)(bias[o] + Enumerable.Range(0, inputs).Sum(k => (double)x[(row * inputs) + k] * weights[(o * inputs) + k]));
        }

        Close.Equal(expected, actual, 1e-5, "y");
    }

    [Fact]
    public void Apply_RowAloneOrAmongOthers_GivesTheSameBits()
    {
        DenseLayer layer = new(SyntheticModels.Values(WeightDistribution.Laplace, 40 * 50, 1), [], 40, 50);
        float[] x = SyntheticModels.Values(WeightDistribution.Laplace, 6 * 50, 2);
        float[] together = new float[6 * 40];
        float[] alone = new float[40];
        layer.Apply(x, together, 6);
        for (int row = 0; row < 6; row++)
        {
            layer.Apply(x.AsSpan(row * 50, 50), alone, 1);
            Assert.Equal(together[(row * 40)..((row + 1) * 40)], alone);
        }
    }

    [Fact]
    public void Constructor_WrongWeightCount_IsRefused() =>
        Assert.Contains("5 weights for [2, 3]", Assert.Throws<ArgumentException>(() => new DenseLayer(new float[5], [], 2, 3)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Apply_TooFewRows_IsRefused() =>
        Assert.Contains("2 rows", Assert.Throws<ArgumentException>(() =>
            new DenseLayer(new float[6], [], 2, 3).Apply(new float[3], new float[4], 2)).Message, StringComparison.Ordinal);
}
