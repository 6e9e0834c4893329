using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

public sealed class OutputMeterTests
{
    private const int Features = 96;

    [Fact]
    public void GainsOf_DecodedOutputs_RemoveTheBiasOfEveryRow()
    {
        OutputMeter meter = new(KernelSet.Create(null), Inputs.MovingOutliers(20, Features, 1).Balanced([.. Enumerable.Repeat(0.1, 10)]));
        float[] weights = new SeededNumbers(2).Gaussian(7 * Features, 0.1);
        float[] decoded = [.. weights.Select(w => 0.7f * MathF.Round(w * 10) / 10)];
        float[] y = meter.OutputsOf(weights);
        float[] z = meter.OutputsOf(decoded);
        double[] gains = meter.GainsOf(y, z);
        Assert.Equal(7, gains.Length);
        for (int r = 0; r < 7; r++)
        {
            double energy = 0;
            double product = 0;
            for (int i = 0; i < meter.Samples.Count; i++)
            {
                energy += meter.Samples.Weights[i] * y[i * 7 + r] * y[i * 7 + r];
                product += meter.Samples.Weights[i] * y[i * 7 + r] * (gains[r] * z[i * 7 + r]);
            }

            Assert.Equal(1, product / energy, 1e-6);
            Assert.NotEqual(1, gains[r], 0.1);
        }
    }

    [Fact]
    public void GainsOf_SilentOrOpposedRows_AreNotNumbers()
    {
        OutputMeter meter = new(KernelSet.Create(null), Inputs.Pooled([1, 2], 1));
        double[] gains = meter.GainsOf([0, 1, 3, 0, 2, 6], [1, -1, 1.5f, 1, -2, 3]);
        Assert.Equal([double.NaN, double.NaN, 2], gains);
    }

    [Fact]
    public void ShiftsOf_DecodedRows_AreTheMeanErrorOverTimeGroups()
    {
        ActivationSamples samples = ActivationSamples.Pooled([1, 1, 3, 1, 10, -2], 2, [0, 0, 1], 2);
        OutputMeter meter = new(KernelSet.Create(null), samples);
        OutputCorrection correction = new(meter, meter, samples.BalancedMean());
        Assert.Equal([0.5f * 6 + 0.25f * -0.5f], correction.ShiftsOf([1, 1], [0.5f, 0.75f]));
        Assert.Empty((correction with { Mean = null }).ShiftsOf([1, 1], [0.5f, 0.75f]));
    }

    [Fact]
    public void Add_Shifts_MoveDecodedOutputs()
    {
        OutputMeter meter = new(KernelSet.Create(null), ActivationSamples.Pooled([1, 2], 1, [0, 1], 2));
        OutputSums[] sums = new OutputSums[2];
        meter.Add([3, 4], [1, 4], [1], sums);
        Assert.Equal((6, 9, 4, 1), (sums[0].Product, sums[0].Original, sums[0].Decoded, sums[0].Error));
        Assert.Equal((20, 16, 25, 1), (sums[1].Product, sums[1].Original, sums[1].Decoded, sums[1].Error));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Quantize_CalibratedLayer_HasUnbiasedRowsAndZeroMeanErrorOnFittingRows(int bits)
    {
        float[] rows = Inputs.Correlated(400, Features, 3, 3);
        for (int i = 0; i < rows.Length; i++) rows[i] += i % Features % 5;
        LayerFixture layer = new(new SeededNumbers(4).Gaussian(20 * Features, 0.05), Inputs.Pooled(rows, Features))
        {
            BitWidth = bits,
            HasBias = true,
        };
        using PreparedLayer prepared = layer.Prepare();
        Assert.Equal(MethodNames.Gptq, prepared.Recipe.Method);
        (float[] decoded, RowMeasures measures, _) = layer.Quantize(prepared);
        OutputMeter meter = new(KernelSet.Create(null), layer.Fit);
        float[] y = meter.OutputsOf(layer.Weights);
        float[] z = meter.OutputsOf(decoded);
        Assert.Equal(20, measures.Shifts.Count);

        // Scales are stored with 11 bits.
        Assert.All(meter.GainsOf(y, z), gain => Assert.Equal(1, gain, 1e-3));
        for (int r = 0; r < 20; r++)
        {
            double error = Enumerable.Range(0, layer.Fit.Count).Average(i => (double)y[i * 20 + r] - z[i * 20 + r]);
            Assert.Equal(error, measures.Shifts[r], 1e-4);
        }
    }
}
