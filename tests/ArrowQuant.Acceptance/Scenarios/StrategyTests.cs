using ArrowQuant.Acceptance.Support;
using ArrowQuant.Fallback;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Scenarios;

/// <summary>Runs without a width fallback, and what stays the same over one.</summary>
public sealed class StrategyTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// no_fallback. Purpose: a width that passes is published as it is. Input: a real model, 2 bits, 0.70. Expected: 2 bits, one attempt
    /// that measured every layer, no event of kind bit_width.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_FirstWidthPasses_FallsBackToNoOther(ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Dit(form), new() { BitWidth = 2, MinAccuracy = 0.70 });

        Assert.Equal((2, 0.70), (result.BitWidth, result.MinAccuracy));
        FallbackAssert.Attempts(result.Attempts, (2, 0.70, true));
        Assert.Equal(result.Layers.Count, result.Attempts[0].LayersMeasured);
        Assert.Equal(result.Attempts[0].CosineSimilarity, result.Attempts[0].BestReachable);
        Assert.Empty(FallbackAssert.OfKind(result.Fallback.Events, "bit_width"));
        Assert.Equal(new FallbackRate(1, 0), result.Fallback.Rates["int2_to_int4"]);
        FallbackAssert.RatesAddUp(result);
    }

    /// <summary>
    /// preserves_modality and all four modalities. Purpose: the modality and its strategy stay the same whatever the width. Input: the same
    /// weights as text, code, image and audio, 2 bits with 0.99, 4 bits, and 8 bits. Expected: text and code are r2q with time_aware, image
    /// and audio gptq with spatial, at the published width, in the result, the stored metadata and every row; each layer says what was
    /// really used without calibration data.
    /// </summary>
    [Theory]
    [InlineData("text", ModelForm.Safetensors)]
    [InlineData("text", ModelForm.V2Extended)]
    [InlineData("code", ModelForm.Safetensors)]
    [InlineData("code", ModelForm.V2Extended)]
    [InlineData("image", ModelForm.Safetensors)]
    [InlineData("image", ModelForm.V2Extended)]
    [InlineData("audio", ModelForm.Safetensors)]
    [InlineData("audio", ModelForm.V2Extended)]
    public async Task Quantize_AnyModalityAndWidth_KeepsModalityAndStrategy(string modality, ModelForm form)
    {
        bool isSequence = modality is "text" or "code";
        StrategyReport strategy = isSequence ? new("r2q", true, false) : new("gptq", false, true);
        (int, double, int)[] ladders = [(2, 0.99, 4), (4, 0.9, 4), (8, 0.9, 8), (2, 0.9, 2)];
        foreach ((int bits, double minAccuracy, int published) in ladders)
        {
            using Quantizing run = new();
            QuantizationResult result = await run.RunAsync(
                models.Gaussian(form, modality), new() { BitWidth = bits, MinAccuracy = minAccuracy });

            Assert.Equal((published, modality, strategy), (result.BitWidth, result.Modality, result.Strategy));
            Assert.All(result.Layers, layer => Assert.Equal(("base", isSequence ? "none" : "spatial"), (layer.Method, layer.Enhancement)));
            Assert.All(result.Layers, layer => Assert.Equal(isSequence ? null : false, layer.ChannelEqualization));
            Assert.All(ArtefactDecoder.ReadRows(run.Output), row => Assert.Equal(modality, row.Modality));
            FallbackAssert.RatesAddUp(result);
        }
    }

    /// <summary>
    /// The real models. Purpose: what each sample is, is found without being told. Input: the three samples in both forms, 4 bits.
    /// Expected: their modality, and the modality again in the artefact as the library reads it.
    /// </summary>
    [Theory]
    [InlineData("dit", "image", ModelForm.Safetensors)]
    [InlineData("dit", "image", ModelForm.V2Extended)]
    [InlineData("llada", "text", ModelForm.Safetensors)]
    [InlineData("llada", "text", ModelForm.V2Extended)]
    [InlineData("diffwave", "audio", ModelForm.Safetensors)]
    [InlineData("diffwave", "audio", ModelForm.V2Extended)]
    public async Task Quantize_SampleModel_FindsItsModality(string model, string modality, ModelForm form)
    {
        string path = model switch { "dit" => models.Dit(form), "llada" => models.Llada(form), _ => models.DiffWave(form) };
        QuantizationResult result = await _run.RunAsync(path, new() { BitWidth = 4 });

        Assert.Equal(modality, result.Modality);
        using ArtefactReader reader = ArtefactReader.Open(_run.Output);
        Assert.All(reader.Layers, layer => Assert.Equal(modality, layer.Modality));
    }

    /// <summary>
    /// final_accuracy. Purpose: the result tells the truth. Input: real models, 2 bits, 0.95; and again 4 and 8 bits. Expected: the
    /// published model, decoded by an independent reader, has the accuracy that the result states, for the model and for every layer, and
    /// the result that was returned is the one that is stored.
    /// </summary>
    [Theory]
    [InlineData("dit", 2, ModelForm.Safetensors)]
    [InlineData("dit", 2, ModelForm.V2Extended)]
    [InlineData("llada", 2, ModelForm.Safetensors)]
    [InlineData("llada", 2, ModelForm.V2Extended)]
    [InlineData("diffwave", 2, ModelForm.Safetensors)]
    [InlineData("diffwave", 2, ModelForm.V2Extended)]
    public async Task Quantize_PublishedModel_HasTheAccuracyThatTheResultStates(string model, int bits, ModelForm form)
    {
        string path = model switch { "dit" => models.Dit(form), "llada" => models.Llada(form), _ => models.DiffWave(form) };
        string original = model switch
        {
            "dit" => models.Dit(ModelForm.Safetensors),
            "llada" => models.Llada(ModelForm.Safetensors),
            _ => models.DiffWave(ModelForm.Safetensors),
        };
        QuantizationResult result = await _run.RunAsync(path, new() { BitWidth = bits, MinAccuracy = 0.95 });

        DecodedAssert.StatesTheTruth(result, Path.Combine(original, "model.safetensors"), _run.Output);
        Assert.InRange(result.CosineSimilarity, result.MinAccuracy, 1);
        string stored = File.ReadAllText(Path.Combine(_run.Output, "report.json"));
        Assert.Equal(ReportJson.Serialize(result), stored);
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
