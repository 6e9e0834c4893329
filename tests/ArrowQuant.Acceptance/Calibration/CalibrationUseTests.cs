using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Calibration;

/// <summary>When calibration data is used, what is claimed with and without it, and by what a run is judged.</summary>
public sealed class CalibrationUseTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: with data the methods earn their names. Input: samples at 4 bits, data beside the model. Expected: methods and enhancement
    /// of the modality on every layer but those with an event, the output figures of every layer, judged by outputs, and validate accepts.
    /// </summary>
    [Theory]
    [InlineData("dit", "gptq", "spatial")]
    [InlineData("llada", "r2q", "time_aware")]
    [InlineData("diffwave", "gptq", "spatial")]
    public async Task Quantize_DataBesideTheModel_IsUsedAndJudgesByOutputs(string name, string method, string enhancement)
    {
        string model = Model(name);
        QuantizationResult result = await _run.RunAsync(model, new() { BitWidth = 4 }, new());
        Assert.Equal("output", result.AccuracyMetric);
        Assert.Equal(result.OutputCosineSimilarity, result.CosineSimilarity);
        Assert.All(result.Layers, layer => Assert.InRange(layer.OutputCosineSimilarity!.Value, 0.98, 1));
        Assert.All(result.Layers, layer => Assert.InRange(layer.OutputError!.Value, 0, 0.05));
        string[] replaced = [.. result.Fallback.Events.Select(happened => happened.Layer!)];
        Assert.True(replaced.Length < result.Layers.Count / 4);
        foreach (LayerReport layer in result.Layers)
        {
            bool isReplaced = replaced.Contains(layer.Name);
            Assert.Equal(isReplaced ? "base" : method, layer.Method);
            if (!isReplaced) Assert.Equal(enhancement, layer.Enhancement);
        }

        FallbackAssert.RatesAddUp(result);
        ValidationReport check = ArtefactValidator.Validate(model, _run.Output, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(check.Problems);
        Assert.True(check.Passed);
    }

    /// <summary>
    /// Purpose: a bias takes up the mean error of its layer, and nothing else changes. Input: dit-digits at 2 bits with its data. Expected:
    /// rows with correction "bias" are kept biases of quantized layers that differ from the source by little; every other kept tensor is
    /// as it was.
    /// </summary>
    [Fact]
    public async Task Quantize_CalibratedLayersWithBias_CorrectTheBiasAndNothingElse()
    {
        QuantizationResult result = await _run.RunAsync(
            models.Dit(ModelForm.Safetensors), new() { BitWidth = 2, MinAccuracy = 0.5 }, new());
        Dictionary<string, (long[] Shape, float[] Values)> original =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "model.safetensors"));
        Dictionary<string, (long[] Shape, float[] Values)> decoded = ArtefactDecoder.Decode(_run.Output);
        string[] corrected = [.. ArtefactDecoder.ReadRows(_run.Output).Where(row => row.Correction == "bias").Select(row => row.LayerName)];
        Assert.NotEmpty(corrected);
        Assert.All(corrected, bias => Assert.Contains(
            result.Layers, layer => layer.Name == bias.Replace(".bias", ".weight", StringComparison.Ordinal)));
        foreach (KeptReport kept in result.Kept)
        {
            if (corrected.Contains(kept.Name)) Assert.NotEqual(original[kept.Name].Values, decoded[kept.Name].Values);
            else Assert.Equal(original[kept.Name].Values, decoded[kept.Name].Values);
        }
    }

    /// <summary>
    /// Purpose: without data nothing claims more than it did. Input: samples with --calibration none, 2 bits. Expected: every layer and
    /// row says base, each layer has one event that gives the cause, no output figures, judged by weights, no correction.
    /// </summary>
    [Theory]
    [InlineData("dit", "gptq")]
    [InlineData("llada", "time_aware")]
    [InlineData("diffwave", "gptq")]
    public async Task Quantize_CalibrationNone_ClaimsNothing(string name, string replaced)
    {
        ToolRun run = await Tool.RunAsync(
            ["quantize", Model(name), "-o", _run.Output, "--bit-width", "2", "--min-accuracy", "0.5", "--calibration", "none"]);
        Assert.Equal(0, run.ExitCode);
        string report = await File.ReadAllTextAsync(Path.Combine(_run.Output, "report.json"), TestContext.Current.CancellationToken);
        Assert.Contains("\"accuracy_metric\": \"weight\"", report, StringComparison.Ordinal);
        Assert.All(ArtefactDecoder.ReadRows(_run.Output), row =>
        {
            Assert.DoesNotContain(row.Method, (string[])["gptq", "r2q"]);
            Assert.NotEqual("time_aware", row.Enhancement);
            Assert.Equal("none", row.Correction);
            Assert.Empty(row.EqualizationScales);
        });

        using Quantizing again = new();
        QuantizationResult result = await again.RunAsync(Model(name), new() { BitWidth = 2, MinAccuracy = 0.5 });
        Assert.Equal(FolderState.OfShards(_run.Output), FolderState.OfShards(again.Output));
        Assert.All(result.Layers, layer => Assert.Equal("base", layer.Method));
        Assert.All(result.Layers, layer => Assert.Equal((null, null), (layer.OutputCosineSimilarity, layer.OutputError)));
        Assert.Null(result.OutputCosineSimilarity);
        Assert.Equal(result.Layers.Count, result.Fallback.Events.Count);
        Assert.All(result.Fallback.Events, happened =>
            Assert.Equal((replaced, "base", "no_calibration_data"), (happened.From, happened.To, happened.Cause)));
    }

    /// <summary>
    /// Purpose: auto never mixes metrics. Input: dit-digits with data for one layer only; with moments only. Expected: judged by weights.
    /// </summary>
    [Fact]
    public async Task Quantize_NotEveryLayerHasSamples_IsJudgedByWeights()
    {
        string some = Path.Combine(_run.Inputs, "some.safetensors");
        Dictionary<string, (long[] Shape, float[] Values)> all =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "calibration.safetensors"));
        WeightFileWriter.Write(some, all.Where(item => item.Key.StartsWith("blocks.0.attn.qkv.", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal));
        foreach (string path in (string[])[some, RepositoryPaths.SampleFile("dit-digits", "calibration_channel_stats.safetensors")])
        {
            using Quantizing run = new();
            QuantizationResult result = await run.RunAsync(
                models.Dit(ModelForm.Safetensors), new() { BitWidth = 4 }, new() { CalibrationPath = path });
            Assert.Equal("weight", result.AccuracyMetric);
            Assert.Equal(result.WeightCosineSimilarity, result.CosineSimilarity);
            Assert.Equal(path == some ? 1 : 0, result.Layers.Count(layer => layer.OutputError is not null));
        }
    }

    /// <summary>
    /// Purpose: judging by outputs that cannot be computed is an error, not another metric. Input: a model without data, accuracy_metric
    /// output. Expected: exit code 3, one line that says what is missing; nothing is left behind.
    /// </summary>
    [Fact]
    public async Task Quantize_OutputMetricWithoutData_IsAnError()
    {
        ToolRun run = await Tool.RunAsync(
            ["quantize", models.Gaussian(ModelForm.Safetensors), "-o", _run.Output, "--accuracy-metric", "output"]);
        Assert.Equal(3, run.ExitCode);
        string error = Assert.Single(run.Errors);
        Assert.Contains("accuracy_metric output needs calibration samples", error, StringComparison.Ordinal);
        Assert.Contains("there is no calibration data", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_run.Output));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private string Model(string name) => name switch
    {
        "dit" => models.Dit(ModelForm.Safetensors),
        "llada" => models.Llada(ModelForm.Safetensors),
        _ => models.DiffWave(ModelForm.Safetensors),
    };
}
