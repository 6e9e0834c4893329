using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Methods;

/// <summary>Calibrated artefacts of the sample models against those without data, on rows that no fit has seen.</summary>
[Trait("Category", "Slow")]
public sealed class HeldOutErrorTests
{
    [Theory]
    [InlineData("dit-digits", 2, 0.65)]
    [InlineData("dit-digits", 4, 0.75)]
    [InlineData("llada-kjv", 2, 0.65)]
    [InlineData("llada-kjv", 4, 0.75)]
    public async Task QuantizeAsync_WithCalibration_LowersTheHeldOutOutputError(string model, int bits, double share)
    {
        using TempFolder folder = new();
        QuantizationResult calibrated = await QuantizeAsync(model, bits, folder.PathOf("calibrated"), new());
        await QuantizeAsync(model, bits, folder.PathOf("base"), new() { NoCalibration = true });
        var original = WeightFile.Read(RepositoryPaths.SampleFile(model, "model.safetensors"));
        var decoded = ArtefactDecoder.Decode(folder.PathOf("base"));
        CalibrationData data = Calibration(model);
        double ours = 0;
        double rounded = 0;
        foreach (LayerReport layer in calibrated.Layers)
        {
            (long[] shape, float[] values) = original[layer.Name];
            using LayerCalibration rows = data.Load(layer.Name, values.Length / shape[0], out _)!;
            double error = ErrorOf(rows, values, decoded[layer.Name].Values);
            Assert.True(layer.OutputError <= 1.05 * error, $"{layer.Name}: {layer.OutputError} with data, {error} without");
            ours += layer.OutputError!.Value;
            rounded += error;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{model} INT{bits}: {ours / rounded:0.000} of base");
        Assert.InRange(ours / rounded, 0, share);
    }

    [Fact]
    public async Task QuantizeAsync_LayersWithBias_StoreTheBiasPlusTheMeanOutputError()
    {
        using TempFolder folder = new();
        QuantizationResult result = await QuantizeAsync("dit-digits", 2, folder.PathOf("out"), new());
        var original = WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "model.safetensors"));
        var decoded = ArtefactDecoder.Decode(folder.PathOf("out"));
        CalibrationData data = Calibration("dit-digits");
        int corrected = 0;
        foreach (ArtefactRow row in ArtefactDecoder.ReadRows(folder.PathOf("out")).Where(row => row.Correction == "bias"))
        {
            corrected++;
            string weight = row.LayerName.Replace(".bias", ".weight", StringComparison.Ordinal);
            Assert.Contains(result.Layers, layer => layer.Name == weight && layer.Method == "gptq");
            float[] w = original[weight].Values;
            float[] q = decoded[weight].Values;
            int features = w.Length / decoded[row.LayerName].Values.Length;
            using LayerCalibration rows = data.Load(weight, features, out _)!;
            double[] mean = ActivationSamples.Pooled(rows.Fit, features, rows.FitGroup, rows.Groups.Count).BalancedMean();
            for (int r = 0; r < w.Length / features; r++)
            {
                double shift = Enumerable.Range(0, features).Sum(c => ((double)w[r * features + c] - q[r * features + c]) * mean[c]);
                Assert.Equal(original[row.LayerName].Values[r] + shift, decoded[row.LayerName].Values[r], 1e-5);
            }
        }

        Assert.InRange(corrected, 10, result.Layers.Count);
    }

    private static CalibrationData Calibration(string model) =>
        CalibrationData.Open([RepositoryPaths.SampleFile(model, "calibration.safetensors")], true, new DiffusionQuantConfig(), null)!;

    private static Task<QuantizationResult> QuantizeAsync(string model, int bits, string output, QuantizationRunOptions options) =>
        new DiffusionQuantizer().QuantizeAsync(
            RepositoryPaths.Sample(model),
            output,
            new DiffusionQuantConfig
            {
                BitWidth = bits,
                MinAccuracy = 0,
                SkipSensitiveLayers = false,
                ExcludeLayers = [".*embedding_table.*|wte.*"],
            },
            options,
            null,
            TestContext.Current.CancellationToken);

    private static double ErrorOf(LayerCalibration rows, float[] original, float[] decoded)
    {
        OutputMeter meter = new(
            KernelSet.Create(null), ActivationSamples.Pooled(rows.HeldOut, rows.Features, rows.HeldOutGroup, rows.Groups.Count));
        OutputSums[] sums = new OutputSums[rows.Groups.Count];
        meter.Add(meter.OutputsOf(original), meter.OutputsOf(decoded), [], sums);
        return OutputFigures.From(sums, default)!.RelativeError;
    }
}
