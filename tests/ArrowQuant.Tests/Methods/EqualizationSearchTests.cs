using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

public sealed class EqualizationSearchTests
{
    private const int Channels = 64;

    [Fact]
    public void Find_NoScalesBetterByOnePercent_IsNull()
    {
        EqualizationSearch search = new(Inputs.Pooled(Inputs.Correlated(20, 8, 3, 1), 8), 8);
        float[] weights = new SeededNumbers(2).Gaussian(3 * 8);
        int tried = 0;
        Assert.Null(search.Find(weights, (scales, _) =>
        {
            tried++;
            return scales is null ? 1 : 0.991;
        }));
        Assert.Equal(21, tried);
    }

    [Fact]
    public void Find_LeastError_GivesScalesOfThatAlphaWithGeometricMeanOne()
    {
        float[] inputs = [1, -4, 16, 2, 1, 0.5f];
        float[] weights = [0.5f, 2, 1, -1, 0.25f, -4];
        int steps = 0;
        (float[] scales, double alpha) = new EqualizationSearch(Inputs.Pooled(inputs, 3), 3)
            .Find(weights, (tried, _) => tried is null ? 1 : ++steps == 10 ? 0.5 : 0.9)!.Value;
        Assert.Equal(0.5, alpha);
        double[] expected = [Math.Sqrt(1 / 2.0), Math.Sqrt(2 / 4.0), Math.Sqrt(4 / 16.0)];
        double mean = Math.Pow(expected[0] * expected[1] * expected[2], 1 / 3.0);
        for (int j = 0; j < 3; j++) Assert.Equal(expected[j] / mean, scales[j], 1e-3);
    }

    [Fact]
    public void Find_ChannelsOfZeros_HaveScaleOne()
    {
        float[] inputs = [1, 0, 8, 5];
        float[] weights = [1, 1, 0.1f, 0];
        EqualizationSearch search = new(Inputs.Pooled(inputs, 4), 4);
        (float[] scales, _) = search.Find(weights, (tried, _) => tried is null ? 1 : 0.5)!.Value;
        Assert.Equal((1f, 1f), (scales[1], scales[3]));
        Assert.NotEqual(1f, scales[0]);
    }

    [Fact]
    public void Find_Convolution_SharesOneScaleAmongTheTapsOfAChannel()
    {
        float[] inputs = Inputs.Correlated(30, 5 * 9, 4, 3);
        float[] weights = new SeededNumbers(4).Gaussian(6 * 5 * 9);
        List<int> importance = [];
        (float[] scales, _) = new EqualizationSearch(Inputs.Pooled(inputs, 45), 5).Find(weights, (tried, columns) =>
        {
            importance.Add(columns.Length);
            return tried is null ? 1 : 0.5;
        })!.Value;
        Assert.Equal(5, scales.Length);
        Assert.All(importance, length => Assert.Equal(45, length));
    }

    [Fact]
    public void Find_Depthwise_TriesNothing() => Assert.Null(
        new EqualizationSearch(Inputs.Pooled(Inputs.Correlated(30, 9, 4, 3), 9), 1)
            .Find(new SeededNumbers(4).Gaussian(9), (_, _) => throw new InvalidOperationException("tried")));

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Prepare_AFewChannelsTwentyTimesLarger_EqualizesAndLowersTheError(int bits)
    {
        LayerFixture layer = Layer(bits, outliers: 6);
        using PreparedLayer equalized = layer.Prepare();
        using PreparedLayer without = Layer(bits, outliers: 6, enhancement: MethodNames.None).Prepare();
        Assert.True(equalized.Recipe.ChannelEqualization);
        Assert.InRange(equalized.Alpha!.Value, 0.05, 1);
        Assert.Null(without.Alpha);
        Assert.Null(without.Format.EqualizationScales);
        double better = layer.FiguresOf(layer.Quantize(equalized).Decoded, layer.HeldOut).RelativeError;
        double plain = layer.FiguresOf(layer.Quantize(without).Decoded, layer.HeldOut).RelativeError;
        TestContext.Current.TestOutputHelper?.WriteLine($"INT{bits}: {better} with scales (alpha {equalized.Alpha}), {plain} without");
        Assert.True(better < 1.1 * plain, $"{better} with scales, {plain} without");
    }

    [Fact]
    public void Prepare_ChannelsAndWeightsAllAlike_UsesNoScales()
    {
        ActivationSamples inputs = Inputs.Pooled(Inputs.Correlated(800, Channels, 1, 9), Channels);
        LayerFixture layer = new(new SeededNumbers(8).Gaussian(48 * Channels, 0.02), inputs);
        using PreparedLayer prepared = layer.Prepare();
        Assert.Equal(MethodNames.Gptq, prepared.Recipe.Method);
        Assert.False(prepared.Recipe.ChannelEqualization);
        Assert.Null(prepared.Format.EqualizationScales);
        Assert.Null(prepared.Alpha);
    }

    [Fact]
    public void Quantize_EqualizedLayer_DecodesToTheOriginalFunction()
    {
        LayerFixture layer = Layer(8, outliers: 6);
        using PreparedLayer prepared = layer.Prepare();
        (float[] decoded, RowMeasures measures, _) = layer.Quantize(prepared);
        Assert.InRange(LayerFigures.From(measures.Weights).Cosine, 0.999, 1);
        for (int i = 0; i < decoded.Length; i++) Assert.Equal(layer.Weights[i], decoded[i], 0.003);
        if (prepared.Format.EqualizationScales is { } scales) Assert.All(scales, scale => Assert.InRange(scale, 1e-4f, 1e4f));
    }

    [Fact]
    public void Prepare_DepthwiseConvolution_UsesNoScales()
    {
        ActivationSamples inputs = Inputs.Pooled(Inputs.Correlated(200, 9, 20, 6), 9);
        LayerFixture layer = new(new SeededNumbers(5).Gaussian(12 * 9, 0.1), inputs) { Channels = 1 };
        using PreparedLayer prepared = layer.Prepare();
        Assert.NotEqual(true, prepared.Recipe.ChannelEqualization);
        Assert.Null(prepared.Format.EqualizationScales);
    }

    private static LayerFixture Layer(int bits, int outliers, string enhancement = MethodNames.Spatial)
    {
        SeededNumbers numbers = new(7);
        float[] rows = numbers.Gaussian(800 * Channels);
        for (int i = 0; i < rows.Length; i++)
        {
            if (i % Channels < outliers * 7 && i % Channels % 7 == 0) rows[i] *= 20;
        }

        return new LayerFixture(numbers.Gaussian(48 * Channels, 0.02), Inputs.Pooled(rows, Channels))
        {
            BitWidth = bits,
            Strategy = new Strategy(MethodNames.Gptq, enhancement),
        };
    }
}
