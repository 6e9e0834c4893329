using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Accuracy;

/// <summary>Bits stored for each quantized weight, everything counted: codes, scales, zero points, levels, names, footers.</summary>
public sealed class BitsStoredTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: quoted compression is real. Input: dit-digits and llada-kjv, all layers, group 128. Expected: INT4 at most 4.35 bits, INT2
    /// at most 2.35 in affine and lattice2 layers and 2.52 in lattice3 layers; the result's figure is the one that the sizes of the files
    /// give.
    /// </summary>
    [Theory]
    [InlineData("dit", 2)]
    [InlineData("dit", 4)]
    [InlineData("dit", 8)]
    [InlineData("llada", 2)]
    [InlineData("llada", 4)]
    public async Task Quantize_AllLayers_StoresFewBitsPerWeight(string model, int bits)
    {
        string path = model == "dit" ? models.Dit(ModelForm.Safetensors) : models.Llada(ModelForm.Safetensors);
        QuantizationResult result = await _run.RunAsync(path, new() { BitWidth = bits, SkipSensitiveLayers = false, FailFast = true });
        long weights = result.Layers.Sum(Weights);
        double limit = result.Layers.Sum(
            layer => Weights(layer) * (bits > 2 ? bits + 0.35 : layer.Layout == "lattice3" ? 2.52 : 2.35)) / weights;
        long shardBytes = Directory.GetFiles(_run.Output, "*.parquet").Sum(file => new FileInfo(file).Length);
        List<ArtefactRow> rows = ArtefactDecoder.ReadRows(_run.Output);
        long keptBytes = rows.Where(row => row.QuantType == "none").Sum(row => (long)row.Data.Length);
        double recomputed = 8.0 * (shardBytes - keptBytes) / weights;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{recomputed} bits per weight, layouts {string.Join(", ", result.Layers.CountBy(layer => layer.Layout))}");

        Assert.InRange(recomputed, bits, limit);
        Assert.Equal(recomputed, result.BitsPerWeight, 0.001);
        Assert.Equal(shardBytes, result.ModelSizeBytes);
        long sourceBytes = WeightFile.ReadRaw(Path.Combine(path, "model.safetensors")).Tensors.Sum(tensor => (long)tensor.Data.Length);
        Assert.Equal((double)sourceBytes / shardBytes, result.CompressionRatio, 1e-9);
    }

    /// <summary>
    /// Purpose: the figure counts what lies in the files whatever the codec. Input: dit-digits at 4 bits, a third of whose bytes are kept,
    /// plain and with zstd. Expected: all parts of the files are attributed once; what the codec saves is as much of codes as of the
    /// files; validate recomputes the figure.
    /// </summary>
    [Fact]
    public async Task Quantize_Zstd_CountsStoredBytes()
    {
        string path = models.Dit(ModelForm.Safetensors);
        QuantizationResult plain = await _run.RunAsync(path, new() { BitWidth = 4 });
        Directory.Delete(_run.Output, recursive: true);
        QuantizationResult compressed = await _run.RunAsync(path, new() { BitWidth = 4, Compression = Compression.Zstd });
        using ArtefactReader reader = ArtefactReader.Open(_run.Output);
        long kept = reader.Layers.Where(layer => layer.IsKept).Sum(layer => layer.StoredBytes);
        long codes = reader.Layers.Where(layer => !layer.IsKept).Sum(layer => layer.StoredBytes);
        long weights = compressed.Layers.Sum(Weights);
        TestContext.Current.TestOutputHelper?.WriteLine($"{plain.BitsPerWeight} plain, {compressed.BitsPerWeight} with zstd");

        Assert.InRange(kept, 1, reader.Layers.Where(layer => layer.IsKept).Sum(layer => layer.DataBytes) - 1);
        Assert.Equal(8.0 * (compressed.ModelSizeBytes - kept) / weights, compressed.BitsPerWeight, 1e-12);
        double saved = 8.0 * (reader.Layers.Where(layer => !layer.IsKept).Sum(layer => layer.DataBytes) - codes) / weights;
        Assert.Equal(plain.BitsPerWeight - compressed.BitsPerWeight, saved, 0.002);
        ValidationReport report = ArtefactValidator.Validate(
            path, _run.Output, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.Passed, string.Join("\n", report.Problems));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private static long Weights(LayerReport layer) => layer.Shape.Aggregate(1L, (product, size) => product * size);
}
