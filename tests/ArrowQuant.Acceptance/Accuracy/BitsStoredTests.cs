using ArrowQuant.Acceptance.Support;
using ArrowQuant.Reporting;
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

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private static long Weights(LayerReport layer) => layer.Shape.Aggregate(1L, (product, size) => product * size);
}
