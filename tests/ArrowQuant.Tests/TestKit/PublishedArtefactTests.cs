using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

/// <summary>The independent reader and the judges on what the library really publishes.</summary>
public sealed class PublishedArtefactTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task Decode_PublishedLayers_HaveTheCosineThatTheirRowsState(int bits)
    {
        using TempFolder folder = new();
        Dictionary<string, (long[] Shape, float[] Values)> decoded = await Quantize("diffwave-spoken-digits", bits, folder);
        Dictionary<string, (long[] Shape, float[] Values)> original =
            WeightFile.Read(RepositoryPaths.SampleFile("diffwave-spoken-digits", "model.safetensors"));
        Assert.Equal(original.Keys.Order(StringComparer.Ordinal), decoded.Keys.Order(StringComparer.Ordinal));
        List<ArtefactRow> rows = ArtefactDecoder.ReadRows(folder.PathOf("out"));
        // 35 layers, of which input_projection has too few columns
        Assert.Equal(34, rows.Count(row => row.QuantType == $"int{bits}"));
        Assert.All(rows, row =>
        {
            (long[] shape, float[] values) = original[row.LayerName];
            Assert.Equal(shape, decoded[row.LayerName].Shape);
            if (row.QuantType == "none") Assert.Equal(values, decoded[row.LayerName].Values);
            else Assert.Equal(row.CosineSimilarity!.Value, Figures.Cosine(values, decoded[row.LayerName].Values), 1e-5);
        });
    }

    [Fact, Trait("Category", "Slow")]
    public async Task Judge_PublishedTwoBitDigits_StillDrawsDigits()
    {
        using TempFolder folder = new();
        SampleScore score = new DitJudge().Judge(await Quantize("dit-digits", 2, folder));
        output.WriteLine($"{score}");
        Assert.True(score.Accuracy >= 0.95, $"{score}");
        Assert.True(score.PsnrDecibels >= 18, $"{score}");
    }

    [Fact, Trait("Category", "Slow")]
    public async Task Judge_PublishedTwoBitText_StaysNearTheOriginalLoss()
    {
        using TempFolder folder = new();
        double nll = new LladaJudge().MaskedNll(await Quantize("llada-kjv", 2, folder), 100);
        output.WriteLine($"{nll}");
        Assert.InRange(nll, 0.607, 0.715);
    }

    private static async Task<Dictionary<string, (long[] Shape, float[] Values)>> Quantize(string model, int bits, TempFolder folder)
    {
        DiffusionQuantConfig config = new()
        {
            BitWidth = bits,
            MinAccuracy = 0.5,
            SkipSensitiveLayers = false,
            ExcludeLayers = ["embedding_table|class_embedding|wte|pos_embed"],
        };
        await new DiffusionQuantizer().QuantizeAsync(
            RepositoryPaths.Sample(model),
            folder.PathOf("out"),
            config,
            new QuantizationRunOptions { NoCalibration = true },
            cancellationToken: TestContext.Current.CancellationToken);
        return ArtefactDecoder.Decode(folder.PathOf("out"));
    }
}
