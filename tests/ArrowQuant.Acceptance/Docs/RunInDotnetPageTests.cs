using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Runtime;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Docs;

/// <summary>The page for .NET developers, and what it promises, on the calibrated sample model with equalized channels.</summary>
public sealed class RunInDotnetPageTests
{
    private const string SourceFile = "tests/ArrowQuant.Acceptance/Docs/RuntimeExamples.cs";

    /// <summary>Purpose: the page shows code that compiles. Expected: its blocks are the parts of the example, in order.</summary>
    [Fact]
    public void Examples_OfThePage_AreTheCompiledOnes()
    {
        IEnumerable<string> body = File.ReadAllLines(Path.Combine(RepositoryPaths.Root, SourceFile))
            .SkipWhile(line => line.Trim() != "// page begins").Skip(1)
            .TakeWhile(line => line.Trim() != "// page ends").Select(line => line.Length > 8 ? line[8..] : "");
        string[] parts = string.Join('\n', body).Split("\n// next\n");
        string[] shown = [.. MarkdownBlock.Of("docs/run-in-dotnet.md").Where(block => block.Language == "csharp")
            .Select(block => string.Join('\n', block.Lines))];
        Assert.Equal(shown, parts);
    }

    /// <summary>
    /// Purpose: products of every layer of a real artefact agree with its decoded weights. Input: dit-digits at 4 and 2 bits, calibrated.
    /// Expected: at most 1e-6 of the norm between MatMul and double precision, layers with equalization among them.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(4)]
    [InlineData(2)]
    public async Task MatMul_EveryLayerOfACalibratedModel_AgreesWithItsWeights(int bits)
    {
        using Quantizing run = new();
        DiffusionQuantConfig config = new() { BitWidth = bits, MinAccuracy = 0.5 };
        await run.RunAsync(RepositoryPaths.Sample("dit-digits"), config, new QuantizationRunOptions());
        Dictionary<string, (long[] Shape, float[] Values)> independent = ArtefactDecoder.Decode(run.Output);
        using QuantizedModel model = QuantizedModel.Open(run.Output);
        SeededRandom random = new(5);
        int equalized = 0;
        foreach (StoredLayer stored in model.Layers.Where(stored => stored.View.RowAxis == 0 && stored.Shape.Rank >= 2))
        {
            using QuantizedLayer layer = model.GetLayer(stored.FullName);
            float[] inputs = [.. Enumerable.Range(0, 3 * layer.Columns).Select(_ => (float)random.NextGaussian())];
            float[] outputs = new float[3 * layer.Rows];
            layer.MatMul(inputs, 3, outputs);
            Assert.InRange(ProductError.Of(independent[stored.FullName].Values, layer.Columns, inputs, outputs), 0, 1e-6);
            float[] decoded = new float[stored.Shape.ElementCount];
            layer.Dequantize(decoded);
            Assert.Equal(independent[stored.FullName].Values, decoded);
            if (stored.SpatialJson?.Contains("\"channel_equalization\":true", StringComparison.Ordinal) == true) equalized++;
        }

        Assert.InRange(equalized, 1, 20);
    }

    /// <summary>Purpose: the examples run. Input: dit-digits at 4 bits. Expected: what an independent reader decodes.</summary>
    [Fact]
    public async Task Examples_OnTheSampleModel_GiveItsWeightsAndProducts()
    {
        using Quantizing run = new();
        await run.RunAsync(RepositoryPaths.Sample("dit-digits"), new DiffusionQuantConfig());
        Dictionary<string, (long[] Shape, float[] Values)> independent = ArtefactDecoder.Decode(run.Output);
        SeededRandom random = new(6);
        float[] input = [.. Enumerable.Range(0, 192).Select(_ => (float)random.NextGaussian())];
        var example = RuntimeExamples.Run(run.Output, input);
        Assert.Equal(576, example.Outputs.Length);
        for (int i = 0; i < 4; i++) Assert.Equal(example.Outputs, example.Results.AsSpan(i * 576, 576).ToArray());
        Assert.Equal(independent["blocks.0.attn.qkv.weight"].Values, example.Weights);
        Assert.Equal(example.Weights.Take(8 * 192).Select(w => (Half)w), example.FirstRows);
        Assert.Equal(independent["blocks.0.attn.qkv.bias"].Values, example.Offsets);
        Assert.InRange(ProductError.Of(example.Weights, 192, input, example.Outputs), 0, 1e-6);
    }

    /// <summary>Purpose: a part of an artefact is not opened. Input: a shard without its end. Expected: an error that says so.</summary>
    [Fact]
    public async Task Open_ShardCutShort_IsRefused()
    {
        using Quantizing run = new();
        await run.RunAsync(RepositoryPaths.Sample("dit-digits"), new DiffusionQuantConfig());
        string shard = Directory.GetFiles(run.Output, "*.parquet").Single();
        using (FileStream file = File.OpenWrite(shard)) file.SetLength(file.Length - 1);
        ArrowQuant.Errors.ModelFormatException failure =
            Assert.Throws<ArrowQuant.Errors.ModelFormatException>(() => QuantizedModel.Open(run.Output));
        Assert.Contains("it was cut short or changed", failure.Message);
        Assert.Equal(shard, failure.FilePath);
    }
}
