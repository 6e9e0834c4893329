using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Scenarios;

/// <summary>
/// Inside one attempt: a method or an enhancement that cannot do a layer is replaced for that layer, with the original error and the method
/// that takes its place in one warning for each cause, every layer's event in the result, and rates that add up. Input throughout: a model
/// of four matrices, at 4 bits, with calibration data that is absent, of other layers, of a wrong width, or not finite.
/// </summary>
public sealed class ClauseTests(TestModels models) : IDisposable
{
    private static readonly (string Layer, int Channels)[] Layers =
        [("blocks.0.attn.qkv", 512), ("blocks.0.mlp.fc1", 256), ("blocks.1.attn.qkv", 512), ("blocks.1.mlp.fc1", 256)];

    private readonly Quantizing _run = new();

    /// <summary>The clause "time_aware fails": method base, enhancement none, whatever is wrong with the data.</summary>
    [Theory]
    [InlineData("text", "absent", "no_calibration_data", ModelForm.Safetensors)]
    [InlineData("text", "absent", "no_calibration_data", ModelForm.V2Extended)]
    [InlineData("text", "other layers", "layer_not_calibrated", ModelForm.Safetensors)]
    [InlineData("text", "other layers", "layer_not_calibrated", ModelForm.V2Extended)]
    [InlineData("text", "wrong width", "wrong_channel_count", ModelForm.Safetensors)]
    [InlineData("text", "wrong width", "wrong_channel_count", ModelForm.V2Extended)]
    [InlineData("code", "not finite", "non_finite_statistics", ModelForm.Safetensors)]
    [InlineData("code", "not finite", "non_finite_statistics", ModelForm.V2Extended)]
    public async Task TimeAware_DataCannotServe_GivesWayToBase(string modality, string data, string cause, ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Gaussian(form, modality), new() { BitWidth = 4 }, OptionsOf(data));

        Assert.All(result.Layers, layer => Assert.Equal(("base", "none"), (layer.Method, layer.Enhancement)));
        Assert.All(result.Fallback.Events, happened => Assert.Equal(
            ("enhancement", "time_aware", "base", cause, 4),
            (happened.Kind, happened.From, happened.To, happened.Cause, happened.BitWidth)));
        Assert.Equal(result.Layers.Select(layer => layer.Name), result.Fallback.Events.Select(happened => happened.Layer));
        Assert.Equal(new FallbackRate(4, 4), result.Fallback.Rates["time_aware"]);
        FallbackAssert.RatesAddUp(result);
        AssertWarnings(result);
        AssertOriginalErrors(result, data);
    }

    /// <summary>The clause "spatial fails": data that is there and wrong gives one grid per output row, and gptq with it.</summary>
    [Theory]
    [InlineData("image", "wrong width", "wrong_channel_count", ModelForm.Safetensors)]
    [InlineData("image", "wrong width", "wrong_channel_count", ModelForm.V2Extended)]
    [InlineData("audio", "not finite", "non_finite_statistics", ModelForm.Safetensors)]
    [InlineData("audio", "not finite", "non_finite_statistics", ModelForm.V2Extended)]
    public async Task Spatial_DataIsWrong_GivesWayToPerChannel(string modality, string data, string cause, ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Gaussian(form, modality), new() { BitWidth = 4 }, OptionsOf(data));

        Assert.All(result.Layers, layer => Assert.Equal(("per_channel", "none", null), (layer.Method, layer.Enhancement, layer.GroupSize)));
        Assert.Equal(8, result.Fallback.Events.Count);
        Assert.All(result.Fallback.Events, happened => Assert.Equal(("per_channel", cause), (happened.To, happened.Cause)));
        Assert.Equal(new FallbackRate(4, 4), result.Fallback.Rates["spatial"]);
        Assert.Equal(new FallbackRate(4, 4), result.Fallback.Rates["gptq"]);
        FallbackAssert.RatesAddUp(result);
        AssertWarnings(result);
        AssertOriginalErrors(result, data);
        List<ArtefactRow> quantized = [.. ArtefactDecoder.ReadRows(_run.Output).Where(row => row.QuantType != "none")];
        Assert.All(quantized, row => Assert.Equal((0L, null, row.RowCount), (row.QuantAxis, row.GroupSize, row.Scales.LongLength)));
    }

    /// <summary>
    /// The clause "gptq fails": without data for the layer base takes its place and the enhancement stays; spatial does not fail, it has
    /// nothing to equalize by.
    /// </summary>
    [Theory]
    [InlineData("image", "absent", "no_calibration_data", ModelForm.Safetensors)]
    [InlineData("image", "absent", "no_calibration_data", ModelForm.V2Extended)]
    [InlineData("audio", "other layers", "layer_not_calibrated", ModelForm.Safetensors)]
    [InlineData("audio", "other layers", "layer_not_calibrated", ModelForm.V2Extended)]
    public async Task Gptq_NoDataForTheLayer_GivesWayToBaseAndSpatialStays(string modality, string data, string cause, ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Gaussian(form, modality), new() { BitWidth = 4 }, OptionsOf(data));

        Assert.All(
            result.Layers, layer => Assert.Equal(("base", "spatial", false), (layer.Method, layer.Enhancement, layer.ChannelEqualization)));
        Assert.All(result.Fallback.Events, happened => Assert.Equal(
            ("method", "gptq", "base", cause), (happened.Kind, happened.From, happened.To, happened.Cause)));
        Assert.Equal(new FallbackRate(4, 4), result.Fallback.Rates["gptq"]);
        Assert.Equal(new FallbackRate(4, 0), result.Fallback.Rates["spatial"]);
        FallbackAssert.RatesAddUp(result);
        AssertWarnings(result);
    }

    /// <summary>
    /// Mixed causes. Purpose: the same cause on many layers is one line, different causes are lines of their own. Input: two layers with
    /// inputs of a wrong width, two without any. Expected: per_channel for the first two, base with spatial for the others.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Clauses_DifferentCauses_AreOneWarningEach(ModelForm form)
    {
        string path = BrokenCalibration.WrongChannelCount(_run.Inputs, Layers.Take(2).Select(layer => layer.Layer), found: 7);
        QuantizationResult result = await _run.RunAsync(
            models.Gaussian(form), new() { BitWidth = 4 }, new QuantizationRunOptions { CalibrationPath = path });

        Assert.Equal(["per_channel", "per_channel", "base", "base"], result.Layers.Select(layer => layer.Method));
        Assert.Equal(["none", "none", "spatial", "spatial"], result.Layers.Select(layer => layer.Enhancement));
        Assert.Equal(new FallbackRate(4, 4), result.Fallback.Rates["gptq"]);
        Assert.Equal(new FallbackRate(4, 2), result.Fallback.Rates["spatial"]);
        Assert.Equal(3, _run.Logger.Warnings.Count);
        AssertWarnings(result);
        FallbackAssert.RatesAddUp(result);
    }

    /// <summary>
    /// Data beside the model. Purpose: it is found without being named. Input: a copy of the model with a broken calibration.safetensors
    /// beside it. Expected: the same fallbacks as if it were named; with the data set aside, none for wrong data.
    /// </summary>
    [Fact]
    public async Task Clauses_BrokenDataBesideTheModel_IsFoundUnlessSetAside()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_run.Inputs, "model")).FullName;
        foreach (string file in Directory.GetFiles(models.Gaussian(ModelForm.Safetensors)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        string broken = BrokenCalibration.WrongChannelCount(_run.Inputs, Layers.Select(layer => layer.Layer), found: 7);
        File.Move(broken, Path.Combine(folder, "calibration.safetensors"));

        QuantizationResult found = await _run.RunAsync(folder, new() { BitWidth = 4 }, new QuantizationRunOptions());
        Assert.All(found.Fallback.Events, happened => Assert.Equal("wrong_channel_count", happened.Cause));
        using Quantizing aside = new();
        QuantizationResult without = await aside.RunAsync(folder, new() { BitWidth = 4 });
        Assert.All(without.Fallback.Events, happened => Assert.Equal("no_calibration_data", happened.Cause));
    }

    /// <summary>
    /// Enhancements switched off. Purpose: what is not tried does not fail. Input: text with time-aware off and image with spatial off, no
    /// data. Expected: r2q itself without any event; gptq gives way to base with enhancement none.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Clauses_EnhancementSwitchedOff_IsNotTried(ModelForm form)
    {
        QuantizationResult text = await _run.RunAsync(models.Gaussian(form, "text"), new() { BitWidth = 2, EnableTimeAware = false });
        Assert.Equal(new StrategyReport("r2q", false, false), text.Strategy);
        Assert.All(text.Layers, layer => Assert.Equal(("r2q", "none"), (layer.Method, layer.Enhancement)));
        Assert.All(text.Layers, layer => Assert.StartsWith("lattice", layer.Layout, StringComparison.Ordinal));
        Assert.Empty(text.Fallback.Events);
        Assert.Empty(_run.Logger.Warnings);
        Assert.Equal(new FallbackRate(4, 0), text.Fallback.Rates["r2q"]);
        Assert.DoesNotContain("time_aware", text.Fallback.Rates.Keys);

        using Quantizing other = new();
        QuantizationResult image = await other.RunAsync(models.Gaussian(form), new() { BitWidth = 4, EnableSpatial = false });
        Assert.Equal(new StrategyReport("gptq", false, false), image.Strategy);
        Assert.All(
            image.Layers, layer => Assert.Equal(("base", "none", null), (layer.Method, layer.Enhancement, layer.ChannelEqualization)));
        Assert.DoesNotContain("spatial", image.Fallback.Rates.Keys);
    }

    /// <summary>
    /// Failed attempts count too. Purpose: rates tell every try. Input: text, 2 bits, 0.99, no data. Expected: tries and fallbacks of both
    /// attempts, layers that the early stop left out not among them.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Rates_AfterAFailedAttempt_CountBothAttempts(ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Gaussian(form, "text"), new() { BitWidth = 2, MinAccuracy = 0.99 });

        int measured = result.Attempts.Sum(attempt => attempt.LayersMeasured);
        Assert.Equal(new FallbackRate(measured, measured), result.Fallback.Rates["time_aware"]);
        Assert.Equal(measured + 1, result.Fallback.Events.Count);
        Assert.Equal(
            result.Attempts[0].LayersMeasured, result.Fallback.Events.Count(happened => happened is { BitWidth: 2, Kind: "enhancement" }));
        FallbackAssert.RatesAddUp(result);
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private QuantizationRunOptions OptionsOf(string data) => data switch
    {
        "absent" => Quantizing.WithoutCalibration,
        "other layers" => new() { CalibrationPath = BrokenCalibration.OtherLayers(_run.Inputs) },
        "not finite" => new() { CalibrationPath = BrokenCalibration.NonFinite(_run.Inputs, Layers) },
        _ => new()
        {
            CalibrationPath = BrokenCalibration.WrongChannelCount(_run.Inputs, Layers.Select(layer => layer.Layer), found: 7),
        },
    };

    // One warning for each cause, with the number of layers, the original error of one of them, and what takes the place. Data of layers
    // that the model does not have is a warning of its own.
    private void AssertWarnings(QuantizationResult result)
    {
        List<IGrouping<(string From, string To, string Cause), FallbackEvent>> causes =
            [.. result.Fallback.Events.GroupBy(happened => (happened.From, happened.To, happened.Cause))];
        int told = _run.Logger.Warnings.Count(line => !line.StartsWith("calibration data names", StringComparison.Ordinal));
        Assert.Equal(causes.Count, told);
        foreach (IGrouping<(string From, string To, string Cause), FallbackEvent> cause in causes)
        {
            string warning = Assert.Single(_run.Logger.Warnings, line =>
                line.StartsWith($"{cause.Key.From} failed on {cause.Count()} layers", StringComparison.Ordinal)
                && line.Contains($"{cause.Key.To} takes its place", StringComparison.Ordinal));
            Assert.Contains(cause, happened => warning.Contains(happened.Message, StringComparison.Ordinal));
        }
    }

    private static void AssertOriginalErrors(QuantizationResult result, string data)
    {
        foreach (FallbackEvent happened in result.Fallback.Events)
        {
            (string layer, int channels) = Layers.Single(known => known.Layer + ".weight" == happened.Layer);
            string[] parts = data switch
            {
                "absent" => ["no calibration data"],
                "other layers" => [layer],
                "wrong width" => [layer, "7", $"{channels}"],
                _ => [layer, "finite"],
            };
            Assert.All(parts, part => Assert.Contains(part, happened.Message, StringComparison.Ordinal));
        }
    }
}
