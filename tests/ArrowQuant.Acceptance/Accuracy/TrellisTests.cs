using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Accuracy;

/// <summary>Trellis codes and rotation, from the configuration to what an independent reader decodes.</summary>
public sealed class TrellisTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: an independent reader gets the weights that ours does, bit for bit. Input: dit-digits at 2 bits without data, with each
    /// trellis, rotated and not. Expected: equal values, a valid artefact, and the stored bits of the layout.
    /// </summary>
    [Theory]
    [InlineData(LayoutChoice.Trellis4, RotationChoice.None)]
    [InlineData(LayoutChoice.Trellis6, RotationChoice.Hadamard)]
    public async Task Quantize_Trellis_IsDecodedTheSameByAnotherReader(LayoutChoice layout, RotationChoice rotation)
    {
        DiffusionQuantConfig config = new() { BitWidth = 2, Layout = layout, Rotation = rotation, RotationSeed = 3 };
        string model = models.Dit(ModelForm.Safetensors);
        QuantizationResult result = await _run.RunAsync(model, config);
        Assert.All(result.Layers, layer => Assert.Equal(layout.ToString(), layer.Layout, ignoreCase: true));
        Assert.InRange(result.BitsPerWeight, 2.05, 2.2);
        Assert.InRange(result.CosineSimilarity, layout == LayoutChoice.Trellis4 ? 0.945 : 0.953, 0.97);
        string transform = rotation == RotationChoice.None ? "none" : "hadamard:3";
        Assert.All(
            ArtefactDecoder.ReadRows(_run.Output).Where(row => row.QuantType != "none"), row => Assert.Equal(transform, row.Transform));
        AssertSameValues();
        ValidationReport report = ArtefactValidator.Validate(model, _run.Output, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(report.Problems);
    }

    /// <summary>
    /// Purpose: with data, trellis and rotation give better outputs than any grid. Input: dit-digits at 2 bits with its calibration data,
    /// grids of the method and then auto. Expected: layers of a trellis, rotated ones among them, a third less output error, equal values
    /// from the other reader, the same bytes on three threads and from scalar kernels.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Quantize_AutoWithData_ChoosesByOutputError()
    {
        string model = models.Dit(ModelForm.Safetensors);
        QuantizationRunOptions calibrated = new() { CalibrationPath = RepositoryPaths.SampleFile("dit-digits", "calibration.safetensors") };
        DiffusionQuantConfig config = new() { BitWidth = 2, Layout = LayoutChoice.Auto, Rotation = RotationChoice.Auto };
        using Quantizing before = new();
        QuantizationResult grids = await before.RunAsync(model, new() { BitWidth = 2 }, calibrated);
        QuantizationResult result = await _run.RunAsync(model, config, calibrated);
        double share = result.Layers.Average(layer => layer.OutputError!.Value) / grids.Layers.Average(layer => layer.OutputError!.Value);
        Assert.InRange(share, 0, 0.75);
        Assert.True(result.Layers.Count(layer => layer.Layout == "trellis6") > result.Layers.Count / 2);
        Assert.Contains(ArtefactDecoder.ReadRows(_run.Output), row => row.Transform == "hadamard:0");
        AssertSameValues();
        using Quantizing again = new();
        await again.RunAsync(model, config with { NumThreads = 3 }, calibrated, "scalar");
        Assert.Equal(FolderState.OfShards(_run.Output), FolderState.OfShards(again.Output));
    }

    /// <summary>
    /// Purpose: targets that know neither trellis nor rotation get the decoded weights. Input: dit-digits at 2 bits, trellis6, rotated, as
    /// GGUF and as safetensors. Expected: exit code 0, and the layers are told with what they were.
    /// </summary>
    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    public async Task Export_Trellis_WritesDecodedWeights(string format)
    {
        DiffusionQuantConfig config = new() { BitWidth = 2, Layout = LayoutChoice.Trellis6, Rotation = RotationChoice.Hadamard };
        await _run.RunAsync(models.Dit(ModelForm.Safetensors), config);
        ToolRun run = await Tool.RunAsync(["export", _run.Output, "--format", format, "-o", Path.Combine(_run.Around, format)]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("int2 trellis6", run.Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// Purpose: documents do not change while the settings have their defaults. Input: the Gaussian model with defaults. Expected: no word
    /// of layout or rotation in the settings of metadata.json, transform none in every row.
    /// </summary>
    [Fact]
    public async Task Quantize_Defaults_LeaveNoTraceOfTheSettings()
    {
        await _run.RunAsync(models.Gaussian(ModelForm.Safetensors), new());
        string metadata = await File.ReadAllTextAsync(Path.Combine(_run.Output, "metadata.json"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("rotation", metadata, StringComparison.Ordinal);
        Assert.DoesNotContain("layout", metadata, StringComparison.Ordinal);
        Assert.All(ArtefactDecoder.ReadRows(_run.Output), row => Assert.Equal("none", row.Transform));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private void AssertSameValues()
    {
        using ArtefactReader reader = ArtefactReader.Open(_run.Output);
        foreach ((string name, (long[] _, float[] values)) in ArtefactDecoder.Decode(_run.Output))
            Assert.Equal(values, reader.ReadLayer(name));
    }
}
