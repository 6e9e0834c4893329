using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Pipeline;

public sealed class DiffusionQuantizerTests
{
    // Sums run in single precision over 128 weights at a time; the figures here are all in double precision.
    private const double SumTolerance = 5e-8;

    [Theory]
    [InlineData("dit-digits", 2)]
    [InlineData("dit-digits", 4)]
    [InlineData("dit-digits", 8)]
    [InlineData("llada-kjv", 2)]
    [InlineData("llada-kjv", 4)]
    [InlineData("diffwave-spoken-digits", 2)]
    [InlineData("diffwave-spoken-digits", 8)]
    public async Task QuantizeAsync_SampleModel_DecodesAsMeasured(string model, int bits)
    {
        using var folder = new TempFolder();
        string output = folder.PathOf("out");
        QuantizationResult result = await new DiffusionQuantizer().QuantizeAsync(
            RepositoryPaths.Sample(model),
            output,
            new DiffusionQuantConfig { BitWidth = bits },
            new QuantizationRunOptions { NoCalibration = true },
            cancellationToken: TestContext.Current.CancellationToken);
        var original = WeightFile.Read(Path.Combine(RepositoryPaths.Sample(model), "model.safetensors"));
        using ArtefactReader reader = ArtefactReader.Open(output);
        double sum = 0;
        foreach (LayerReport layer in result.Layers)
        {
            double cosine = Figures.Cosine(original[layer.Name].Values, reader.ReadLayer(layer.Name));
            Assert.Equal(layer.CosineSimilarity, cosine, SumTolerance);
            sum += cosine;
        }

        Assert.Equal(result.CosineSimilarity, sum / result.Layers.Count, SumTolerance);
        foreach (KeptReport kept in result.Kept) Assert.Equal(original[kept.Name].Values, reader.ReadLayer(kept.Name));
        Assert.Equal(original.Count, result.Layers.Count + result.Kept.Count);
    }
}
