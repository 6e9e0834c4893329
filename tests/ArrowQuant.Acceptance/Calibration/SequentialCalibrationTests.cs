using ArrowQuant.Acceptance.Support;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Calibration;

/// <summary>Calibration by running the model.</summary>
public sealed class SequentialCalibrationTests : IDisposable
{
    private static readonly DiffusionQuantConfig Best = new()
    {
        BitWidth = 2,
        MinAccuracy = 0.5,
        Recipe = Recipe.Best,
        SkipSensitiveLayers = false,
        ExcludeLayers = ["embedding|pos_embed"],
    };

    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: the same runner gives the same bytes, on any number of threads, and the artefact validates. Input: dit-digits, eight steps.
    /// Expected: equal shards from one thread and two; every layer that the runner names is fitted or says why not; the report says
    /// sequential.
    /// </summary>
    [Fact]
    public async Task Quantize_WithARunner_MakesTheSameBytesAndValidates()
    {
        string model = RepositoryPaths.Sample("dit-digits");
        QuantizationRunOptions options = new() { Runner = NoisePredictorRunner.Dit(steps: 8, rowsPerCall: 12) };
        QuantizationResult result = await _run.RunAsync(model, Best with { NumThreads = 1 }, options);
        using Quantizing again = new();
        await again.RunAsync(
            model, Best with { NumThreads = 2 }, options with { Runner = NoisePredictorRunner.Dit(steps: 8, rowsPerCall: 12) });
        Assert.Equal(FolderState.OfShards(_run.Output), FolderState.OfShards(again.Output));
        Assert.Equal(("sequential", "output"), (result.Calibration, result.AccuracyMetric));
        Assert.Contains(result.Layers, layer => layer.Method == "gptq");
        Assert.Empty(ArtefactValidator.Validate(model, _run.Output, cancellationToken: TestContext.Current.CancellationToken).Problems);
    }

    /// <summary>
    /// Purpose: sequential calibration is worth what it costs. Input: dit-digits at 2 bits, recipe best, calibrated by its file and by
    /// running it from four batches of noise. Expected: samples nearer to those of the original, above 34.5 dB.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Quantize_WithARunner_KeepsMoreThanRecordedInputs()
    {
        string model = RepositoryPaths.Sample("dit-digits");
        var judge = new DitJudge(100);
        await _run.RunAsync(model, Best, new QuantizationRunOptions());
        using Quantizing sequential = new();
        await sequential.RunAsync(model, Best, new QuantizationRunOptions { Runner = NoisePredictorRunner.Dit(batches: 4) });
        double recorded = judge.Judge(ArtefactDecoder.Decode(_run.Output)).PsnrDecibels;
        double aimed = judge.Judge(ArtefactDecoder.Decode(sequential.Output)).PsnrDecibels;
        Assert.InRange(aimed, 34.5, 45);
        Assert.True(aimed > recorded, $"{aimed} dB against {recorded}");
    }

    /// <summary>
    /// Purpose: what a runner cannot go with is refused before any work. Input: layer scope, calibration files, resuming, reuse.
    /// Expected: a configuration error that names it; nothing is left behind.
    /// </summary>
    [Fact]
    public async Task Quantize_RunnerWithWhatExcludesIt_IsRefused()
    {
        string model = RepositoryPaths.Sample("dit-digits");
        var runner = new BrokenRunner(new LayerInputs(default, []));
        await Refused(Best with { FallbackScope = FallbackScope.Layer }, new() { Runner = runner }, "fallback_scope layer");
        await Refused(Best, new() { Runner = runner, Resume = true }, "resuming");
        await Refused(Best, new() { Runner = runner, ReusePath = model }, "reusing an artefact");
        await Refused(Best, new() { Runner = runner, CalibrationPath = model }, "calibration data from files");

        async Task Refused(DiffusionQuantConfig config, QuantizationRunOptions options, string what)
        {
            ConfigurationException error = await Assert.ThrowsAsync<ConfigurationException>(() => _run.RunAsync(model, config, options));
            Assert.Contains($"sequential calibration with a model runner excludes {what}", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Purpose: a runner that gives nonsense is told so. Input: too few rows, rows of another length, a timestep that is none, a value
    /// that is not finite. Expected: a calibration error with the layer, what was found and what was expected; nothing is left behind.
    /// </summary>
    [Fact]
    public async Task Quantize_RunnerThatGivesNonsense_IsACalibrationError()
    {
        int[] steps = [.. Enumerable.Range(0, 16)];
        float[] rows = [.. Enumerable.Repeat(1f, 16 * 192)];
        (LayerInputs Inputs, string Message)[] cases =
        [
            (new(default, []), "gave 0 rows as inputs of layer blocks.0.attn.qkv.weight, expected at least 8"),
            (new(rows.AsMemory(1), steps), "gave 3071 values for 16 timesteps as inputs of layer blocks.0.attn.qkv.weight, expected 192 for each"),
            (new(rows, [.. steps[1..], -1]), "gave timestep -1 as inputs of layer blocks.0.attn.qkv.weight, expected 0..1000000"),
            (new((float[])[.. rows[1..], float.NaN], steps), "a value that is not finite in row 15, channel 191"),
        ];
        foreach ((LayerInputs inputs, string message) in cases)
        {
            CalibrationException error = await Assert.ThrowsAsync<CalibrationException>(() =>
                _run.RunAsync(RepositoryPaths.Sample("dit-digits"), Best, new() { Runner = new BrokenRunner(inputs) }));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
            Assert.Equal("blocks.0.attn.qkv.weight", error.TensorName);
            Assert.Empty(FolderState.OfShards(_run.Output));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private sealed class BrokenRunner(LayerInputs inputs) : IModelRunner
    {
        public IReadOnlyList<string> ForwardOrder => ["blocks.0.attn.qkv.weight"];

        public LayerInputs Record(
            string layer, IReadOnlyDictionary<string, ReadOnlyMemory<float>> replaced, CancellationToken cancellationToken) => inputs;
    }
}
