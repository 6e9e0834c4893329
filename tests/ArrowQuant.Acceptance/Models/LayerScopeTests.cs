using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Models;

/// <summary>Widths of single layers: each layer on its own ladder, pinned layers, and a floor for the worst one.</summary>
public sealed class LayerScopeTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: in layer scope each layer climbs alone. Input: dit-digits, 2 bits, a threshold between its layers' accuracies. Expected:
    /// the result keeps the requested width, layers that reached it stay at 2 bits, the others are at 4 with an event each; the mix is
    /// counted, stored, and reads back.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_LayerScope_MixesWidths(ModelForm form)
    {
        const double Threshold = 0.957;
        QuantizationResult result = await _run.RunAsync(
            models.Dit(form), new() { BitWidth = 2, MinAccuracy = Threshold, FallbackScope = FallbackScope.Layer });

        Assert.Equal((2, Threshold), (result.BitWidth, result.MinAccuracy));
        int low = result.Layers.Count(layer => layer.BitWidth == 2);
        int high = result.Layers.Count(layer => layer.BitWidth == 4);
        Assert.InRange(low, 1, 19);
        Assert.Equal(20, low + high);
        Assert.Equal(new Dictionary<string, int> { ["2"] = low, ["4"] = high }, result.LayersByBitWidth);
        Assert.All(result.Layers, layer => Assert.True(layer.CosineSimilarity >= (layer.BitWidth == 2 ? Threshold : 0.85)));
        IReadOnlyList<FallbackEvent> steps = FallbackAssert.OfKind(result.Fallback.Events, "bit_width");
        Assert.Equal(
            result.Layers.Where(layer => layer.BitWidth == 4).Select(layer => layer.Name).Order(StringComparer.Ordinal),
            steps.Select(step => step.Layer!).Order(StringComparer.Ordinal));
        Assert.Equal(new FallbackRate(20, high), result.Fallback.Rates["int2_to_int4"]);
        FallbackAssert.RatesAddUp(result);
        DecodedAssert.StatesTheTruth(result, RepositoryPaths.SampleFile("dit-digits", "model.safetensors"), _run.Output);
        CancellationToken token = TestContext.Current.CancellationToken;
        Assert.Empty(ArtefactValidator.Validate(models.Dit(form), _run.Output, cancellationToken: token).Problems);
    }

    /// <summary>
    /// Purpose: fail-fast in layer scope stops at the first layer that fails, and an exhausted ladder names the layer. Input: as above with
    /// fail-fast; 8 bits at 0.9999999. Expected: one attempt; nothing published.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_LayerScopeFails_PublishesNothing(ModelForm form)
    {
        DiffusionQuantConfig config = new() { BitWidth = 2, MinAccuracy = 0.99, FailFast = true, FallbackScope = FallbackScope.Layer };
        QuantizationException fast = await _run.FailAsync(models.Dit(form), config);
        QuantizationAttempt attempt = Assert.Single(fast.Attempts);
        Assert.Equal(1, attempt.LayersMeasured);
        Assert.Contains("fail-fast is on", fast.Message, StringComparison.Ordinal);
        Assert.Matches(@"layer blocks\.0\.\S+\.weight has accuracy 0\.9\d+, below 0\.99", fast.Message);

        QuantizationException exhausted = await _run.FailAsync(
            models.Dit(form), new() { BitWidth = 8, MinAccuracy = 0.9999999, FallbackScope = FallbackScope.Layer });
        Assert.Contains("all attempts failed", exhausted.Message, StringComparison.Ordinal);
        Assert.Contains("--bits NAME=16", exhausted.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Purpose: pinned layers keep their width in every attempt, and 16 keeps the layer. Input: dit-digits, 2 bits at 0.99, mlp.fc1 pinned
    /// to 8 bits by pattern, one layer by name to 2, another to 16, through the command line. Expected: the published width is 4 everywhere
    /// else; the kept layer says pinned and is stored byte for byte.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Tool_PinnedLayers_KeepTheirWidthOverAFallback(ModelForm form)
    {
        const string ByName = "blocks.0.attn.qkv.weight";
        const string Kept = "blocks.1.attn.proj.weight";
        ToolRun run = await Tool.RunAsync(
        [
            "quantize", models.Dit(form), "-o", _run.Output, "--calibration", "none", "--bit-width", "2", "--min-accuracy", "0.99",
            "--bits", @"blocks\.\d+\.mlp\.fc1\.weight=8", "--bits", $"{ByName}=2", "--bits", $"{Kept}=16", "--json",
        ]);

        Assert.Equal(0, run.ExitCode);
        QuantizationResult result = ReportJson.Deserialize(run.Output);
        Assert.Equal(4, result.BitWidth);
        Assert.Equal(new Dictionary<string, int> { ["2"] = 1, ["4"] = 14, ["8"] = 4 }, result.LayersByBitWidth);
        Assert.All(result.Layers, layer => Assert.Equal(
            layer.Name == ByName ? 2 : layer.Name.Contains("fc1", StringComparison.Ordinal) ? 8 : 4, layer.BitWidth));
        Assert.Equal("pinned", result.Kept.Single(kept => kept.Name == Kept).Reason);
        Assert.Equal(result.Layers.Average(layer => layer.CosineSimilarity), result.CosineSimilarity, 1e-12);
        FallbackAssert.Attempts(result.Attempts, (2, 0.99, false), (4, 0.85, true));
        DecodedAssert.StatesTheTruth(result, RepositoryPaths.SampleFile("dit-digits", "model.safetensors"), _run.Output);
    }

    /// <summary>
    /// Purpose: a floor for the worst layer is part of the gate. Input: dit-digits, 2 bits, mean threshold 0.9 (reached), floor 0.97
    /// (missed by every layer). Expected: 4 bits; the failed attempt names the layer, its accuracy and the floor.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_MinLayerAccuracyMissed_FallsBack(ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(
            models.Dit(form), new() { BitWidth = 2, MinAccuracy = 0.9, MinLayerAccuracy = 0.97 });

        FallbackAssert.Attempts(result.Attempts, (2, 0.9, false), (4, 0.85, true));
        Assert.Contains("below 0.97", result.Attempts[0].FailureReason, StringComparison.Ordinal);
        Assert.Contains(".weight", result.Attempts[0].FailureReason, StringComparison.Ordinal);
        Assert.All(result.Layers, layer => Assert.InRange(layer.CosineSimilarity, 0.97, 1));
        Assert.Equal(result.Layers.Min(layer => layer.CosineSimilarity), result.WorstLayer.Value);
    }

    /// <summary>
    /// Purpose: one layer can be read, and a range of its rows, without the rest. Input: a published model. Expected: rows are those of the
    /// whole layer, which are those of the independent reader.
    /// </summary>
    [Fact]
    public async Task Reader_RowsOfALayer_AreThoseOfTheWholeLayer()
    {
        await _run.RunAsync(models.Dit(ModelForm.Safetensors), new() { BitWidth = 2 });
        Dictionary<string, (long[] Shape, float[] Values)> decoded = ArtefactDecoder.Decode(_run.Output);
        using ArtefactReader reader = ArtefactReader.Open(_run.Output);
        foreach (StoredLayer layer in reader.Layers)
        {
            float[] whole = reader.ReadLayer(layer.FullName);
            Assert.Equal(decoded[layer.FullName].Values, whole);
            int columns = (int)layer.View.Columns;
            int first = (int)layer.View.Rows / 3;
            int count = (int)layer.View.Rows - first;
            float[] rows = new float[count * columns];
            reader.ReadRows(layer.FullName, first, count, rows);
            Assert.Equal(whole[(first * columns)..], rows);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
