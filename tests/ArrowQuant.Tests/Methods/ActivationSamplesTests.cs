using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

public sealed class ActivationSamplesTests
{
    private static readonly double[] EqualShares = [.. Enumerable.Repeat(0.1, 10)];

    [Fact]
    public void Balanced_UnequalGroups_GivesEachItsShareOfTheEnergy()
    {
        // Group 0: energies 1 and 3; group 1: energy 100; group 2: silent.
        ActivationSamples samples = ActivationSamples.Pooled([1, 0, 1, MathF.Sqrt(2), 6, 8, 0, 0], 2, [0, 0, 1, 2], 3);
        Assert.All(samples.Weights, weight => Assert.Equal(0.25, weight));
        ActivationSamples balanced = samples.Balanced([0.25, 0.5, 0.25]);
        Assert.Equal(1, balanced.Weights.Sum(), 1e-12);
        Assert.Equal(balanced.Weights[0], balanced.Weights[1]);
        Assert.Equal(0, balanced.Weights[3]);
        Assert.Equal(0.5, balanced.Weights[0] * 4 / (balanced.Weights[2] * 100), 1e-6);
    }

    [Fact]
    public void BalancedMean_GroupsOfDifferentSize_CountTheSame()
    {
        ActivationSamples samples = ActivationSamples.Pooled([1, 2, 3, 4, 20, 40], 2, [0, 0, 2], 3);
        Assert.Equal([11, 21.5], samples.BalancedMean());
    }

    [Fact]
    public void Scaled_Taps_ShareTheScaleOfTheirChannel()
    {
        ActivationSamples samples = Inputs.Pooled([1, 2, 3, 4, 5, 6], 6);
        Assert.Equal([2, 4, 6, 2, 2.5f, 3], samples.Scaled([2, 0.5f]).Rows);
        Assert.Equal([3, 1], samples.Columns([2, 0], 1));
    }

    [Fact]
    public void SquareMeans_Weights_AreTheDiagonalOfTheHessian()
    {
        ActivationSamples samples = new([1, 2, 3, 4], 2, [0, 0], 1, [0.75, 0.25]);
        Assert.Equal([3, 7], samples.SquareMeans());
    }

    [Theory]
    [InlineData(2, CodeLayout.Lattice3)]
    [InlineData(4, CodeLayout.Affine)]
    public void Balanced_OutliersThatMoveWithTheTimestep_LowersTheWorstTimeGroupByAQuarter(int bits, CodeLayout layout)
    {
        const int Columns = 160;
        LayerFixture layer = new(new SeededNumbers(3).Gaussian(32 * Columns, 0.02), Inputs.MovingOutliers(120, Columns, 4));
        double pooled = Worst(layer, layer.Fit, bits, layout);
        double balanced = Worst(layer, layer.Fit.Balanced(EqualShares), bits, layout);
        TestContext.Current.TestOutputHelper?.WriteLine($"worst time group: pooled {pooled}, balanced {balanced}");
        Assert.True(pooled >= 1.25 * balanced, $"pooled {pooled}, balanced {balanced}");
    }

    [Fact]
    public void Prepare_MinimaxTimeWeighting_LowersTheWorstTimeGroup()
    {
        const int Columns = 160;
        float[] weights = new SeededNumbers(5).Gaussian(24 * Columns, 0.02);
        ActivationSamples inputs = Inputs.MovingOutliers(80, Columns, 6);
        (double mean, string? json) = Fitted(false);
        (double minimax, string? weighted) = Fitted(true);
        TestContext.Current.TestOutputHelper?.WriteLine($"worst time group: mean {mean}, minimax {minimax}");
        Assert.True(minimax < mean, $"mean {mean}, minimax {minimax}");
        Assert.NotNull(json);
        Assert.NotEqual(json, weighted);

        (double Worst, string? Json) Fitted(bool isMinimax)
        {
            LayerFixture layer = new(weights, inputs)
            {
                BitWidth = 2,
                Config = new DiffusionQuantConfig { MinimaxTimeWeighting = isMinimax },
                Strategy = new Strategy(MethodNames.R2Q, MethodNames.TimeAware),
            };
            using PreparedLayer prepared = layer.Prepare();
            Assert.Equal((MethodNames.R2Q, MethodNames.TimeAware), (prepared.Recipe.Method, prepared.Recipe.Enhancement));
            return (layer.FiguresOf(layer.Quantize(prepared).Decoded, layer.Fit).WorstError, prepared.TimeAwareJson);
        }
    }

    private static double Worst(LayerFixture layer, ActivationSamples samples, int bits, CodeLayout layout)
    {
        HessianFactor hessian = HessianFactor.TryCreate(KernelSet.Create(null), samples, samples.Features, false, 1)!;
        QuantizedFormat format = CodedRows.Format(bits, layout, samples.Features, 64);
        float[] decoded = CodedRows.Compensated(layer.Weights, format, AffineSearch.IntegerZero, hessian).Decoded();
        OutputFigures figures = layer.FiguresOf(decoded, layer.HeldOut);
        Assert.Equal(10, figures.GroupErrors.Count);
        return figures.WorstError;
    }
}
