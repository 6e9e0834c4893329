using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Models;

/// <summary>Recipes and edge layers on the sample models.</summary>
public sealed class RecipeTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: the default recipe makes the artefacts that it made before; decision 18 says when and why they last changed. Input: the
    /// sample models, with and without data. Expected: the SHA-256 of the shard that was recorded then.
    /// </summary>
    [Theory]
    [InlineData("dit-digits", 2, true, "af977e415f06f1470fecc5fe2fe120acc7abc5c701fb5086ab6507b45dd7d535")]
    [InlineData("dit-digits", 4, false, "59aec530a1024767173b91004f375663e5113d7034865123d8b9eb56a8d99047")]
    [InlineData("llada-kjv", 2, false, "f0105e90d02883791b6de6b55e61b7f863bc2688c100ea9b4ae7eaa6fe9028de")]
    [InlineData("llada-kjv", 4, true, "f0ecd3a24f6fda92a1e121ef80e45e24b50e38424ac2db6a6c0602f0e8eef460")]
    [InlineData("diffwave-spoken-digits", 2, false, "772a810b7fac832a4ccbddb66e6a773fd937311101ec9f038e4d3574ec4eb2f1")]
    [InlineData("diffwave-spoken-digits", 4, true, "63f40cd9471b058082bf5ac5aaf34740fab088de95cdcf80c69674e4dbb99287")]
    public async Task Quantize_DefaultRecipe_MakesTheBytesThatWereMadeBefore(string model, int bits, bool calibrated, string sha256)
    {
        await _run.RunAsync(
            RepositoryPaths.Sample(model), new() { BitWidth = bits, MinAccuracy = 0 },
            new QuantizationRunOptions { NoCalibration = !calibrated });
        Assert.Equal([$"model-00001-of-00001.parquet {sha256}"], FolderState.OfShards(_run.Output));
    }

    /// <summary>
    /// Purpose: edge layers are stored at 8 bits, and everything that tells of the artefact tells it. Input: dit-digits, all layers, at 2
    /// bits with edge layers of at most 1 %. Expected: plan and report name the same layers, which hold at most 1 % of the quantizable
    /// weights each and are the only ones at 8 bits; the bits per weight count them; the artefact validates.
    /// </summary>
    [Theory]
    [InlineData(FallbackScope.Model)]
    [InlineData(FallbackScope.Layer)]
    public async Task Quantize_EdgeLayers_AreStoredAtEightBits(FallbackScope scope)
    {
        string model = models.Dit(ModelForm.Safetensors);
        DiffusionQuantConfig config = new() { BitWidth = 2, MinAccuracy = 0.5, FallbackScope = scope, SkipSensitiveLayers = false };
        QuantizationResult without = await _run.RunAsync(model, config);
        using Quantizing edged = new();
        config = config with { EdgeLayers = 0.01 };
        QuantizationPlan plan = new DiffusionQuantizer().Plan(model, config, Quantizing.WithoutCalibration);
        QuantizationResult result = await edged.RunAsync(model, config);

        long total = result.Layers.Sum(layer => Count(layer));
        string[] edges = [.. result.Layers.Where(layer => Count(layer) <= 0.01 * total).Select(layer => layer.Name)];
        Assert.InRange(edges.Length, 1, result.Layers.Count - 20);
        Assert.Equal(edges, result.Layers.Where(layer => layer.WidthReason == "edge").Select(layer => layer.Name));
        Assert.Equal(edges, result.Layers.Where(layer => layer.BitWidth == 8).Select(layer => layer.Name));
        Assert.Equal(edges, plan.Layers.Where(layer => layer.WidthReason == "edge").Select(layer => layer.Name));
        Assert.Equal(2, result.BitWidth);
        Assert.InRange(result.BitsPerWeight - without.BitsPerWeight, 0.001, 0.2);
        Assert.True(result.CosineSimilarity > without.CosineSimilarity);
        DecodedAssert.StatesTheTruth(result, RepositoryPaths.SampleFile("dit-digits", "model.safetensors"), edged.Output);
        Assert.Empty(ArtefactValidator.Validate(model, edged.Output, cancellationToken: TestContext.Current.CancellationToken).Problems);
    }

    /// <summary>
    /// Purpose: over a fallback edge layers keep their width. Input: dit-digits, 2 bits, a threshold that 2 bits miss, through the command
    /// line. Expected: the published width is 4, edge layers are at 8; the text says how many they are.
    /// </summary>
    [Fact]
    public async Task Tool_EdgeLayersOverAFallback_KeepTheirWidth()
    {
        ToolRun run = await Tool.RunAsync(
        [
            "quantize", models.Dit(ModelForm.Safetensors), "-o", _run.Output, "--calibration", "none", "--bit-width", "2",
            "--min-accuracy", "0.99", "--edge-layers", "2.5%",
        ]);
        Assert.Equal(0, run.ExitCode);
        QuantizationResult result = ReportJson.Deserialize(await File.ReadAllTextAsync(
            Path.Combine(_run.Output, "report.json"), TestContext.Current.CancellationToken));
        int edges = result.Layers.Count(layer => layer.WidthReason == "edge");
        Assert.InRange(edges, 1, 19);
        Assert.Equal(new Dictionary<string, int> { ["4"] = 20 - edges, ["8"] = edges }, result.LayersByBitWidth);
        Assert.Contains($"20 quantized (INT4 {20 - edges}, INT8 {edges}, {edges} of them edge layers)", run.Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// Purpose: an artefact whose edge layers are not what its configuration says does not validate. Input: an artefact with edge layers
    /// whose metadata then says off. Expected: each of them is a problem.
    /// </summary>
    [Fact]
    public async Task Validate_EdgeLayersThatTheConfigurationDoesNotHave_AreProblems()
    {
        string model = models.Dit(ModelForm.Safetensors);
        QuantizationResult result = await _run.RunAsync(model, new() { BitWidth = 2, MinAccuracy = 0.5, EdgeLayers = 0.025 });
        string metadata = Path.Combine(_run.Output, "metadata.json");
        CancellationToken token = TestContext.Current.CancellationToken;
        string text = await File.ReadAllTextAsync(metadata, token);
        Assert.Contains("\"edge_layers\": 0.025", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            metadata, text.Replace("\"edge_layers\": 0.025", "\"edge_layers\": 0", StringComparison.Ordinal), token);
        IReadOnlyList<string> problems = ArtefactValidator.Validate(model, _run.Output, cancellationToken: token).Problems;
        string edge = result.Layers.First(layer => layer.WidthReason == "edge").Name;
        Assert.Contains($"report.json: layer {edge}: width_reason is edge, the stored bytes give nothing", problems);
        Assert.Contains($"report.json: bit_width is 2, layer {edge} has 8", problems);
    }

    /// <summary>
    /// Purpose: the recipe best does what it says, and its damage estimates are lower. Input: the three sample models at 2 bits with their
    /// calibration data. Expected: gptq without equalization, edge layers at 8 bits; the sum of damage estimates is below that of the
    /// default recipe; the artefact validates, and its estimates are those that validate recomputes.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("dit-digits")]
    [InlineData("llada-kjv")]
    [InlineData("diffwave-spoken-digits")]
    public async Task Quantize_RecipeBest_CostsLessThanTheStrategy(string name)
    {
        string model = RepositoryPaths.Sample(name);
        DiffusionQuantConfig config = new()
        {
            BitWidth = 2,
            MinAccuracy = 0.5,
            SkipSensitiveLayers = false,
            ExcludeLayers = ["embedding|wte|pos_embed"],
        };
        QuantizationResult strategy = await _run.RunAsync(model, config, new());
        using Quantizing best = new();
        QuantizationResult result = await best.RunAsync(model, config with { Recipe = Recipe.Best }, new());
        Assert.Equal(("strategy", "best"), (strategy.Recipe, result.Recipe));
        Assert.Equal(("gptq", false), (result.Strategy.Method, result.Strategy.Spatial));
        Assert.All(result.Layers, layer => Assert.Equal(layer.WidthReason == "edge" ? 8 : 2, layer.BitWidth));
        Assert.All(result.Layers, layer => Assert.Contains(layer.Method, (string[])["gptq", "base"]));
        Assert.Equal("output", result.AccuracyMetric);
        Assert.True(result.DamageEstimate < strategy.DamageEstimate, $"{result.DamageEstimate} against {strategy.DamageEstimate}");
        Assert.Equal(result.Layers.Sum(layer => layer.DamageEstimate!.Value), result.DamageEstimate!.Value, 1e-12);
        Assert.Empty(ArtefactValidator.Validate(model, best.Output, cancellationToken: TestContext.Current.CancellationToken).Problems);
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private static long Count(LayerReport layer) => layer.Shape.Aggregate(1L, (product, size) => product * size);
}
