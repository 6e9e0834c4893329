using System.Buffers.Binary;
using System.Text.Json;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Exports;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Exports;

/// <summary>safetensors exports, opened by a reader that shares nothing with the library.</summary>
public sealed class SafeTensorsExportTests(TestModels models) : IDisposable
{
    private readonly Quantizing _quantizing = new();

    private string Exported => Path.Combine(_quantizing.Around, "safetensors");

    /// <summary>
    /// Dequantized values in each type. Expected: float32 to the bit, float16 and bfloat16 within half a last place, kept tensors as they
    /// were, config.json beside them.
    /// </summary>
    [Theory]
    [InlineData(ElementType.F32, "F32", 0)]
    [InlineData(ElementType.F16, "F16", 1.0 / 2048)]
    [InlineData(ElementType.BF16, "BF16", 1.0 / 256)]
    public async Task Dequantized_OfASample_HoldsItsValues(ElementType dtype, string name, double limit)
    {
        await QuantizeAsync(models.Dit(ModelForm.Safetensors), 4, 128, new());
        ExportReport report = Export(new() { Format = ExportFormat.SafeTensors, Dtype = dtype });

        (Dictionary<string, string> metadata, List<RawTensor> tensors) = WeightFile.ReadRaw(Path.Combine(Exported, "model.safetensors"));
        using ArtefactReader artefact = ArtefactReader.Open(_quantizing.Output);
        Assert.Equal("pt", metadata["format"]);
        Assert.Equal(artefact.Layers.Count, tensors.Count);
        foreach ((StoredLayer layer, ExportedTensor told) in artefact.Layers.Zip(report.Tensors))
        {
            RawTensor tensor = tensors.Single(candidate => candidate.Name == layer.Name);
            Assert.Equal(layer.Shape.Dimensions, tensor.Shape);
            Assert.Equal(layer.IsKept ? "F32" : name, tensor.Type);
            double error = ExportAssert.RelativeError(artefact.ReadLayer(layer.Name), tensor.ToFloats());
            Assert.InRange(error, 0, layer.IsKept ? 0 : limit);
            Assert.Equal(told.RelativeError, error, 1e-9);
        }

        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_quantizing.Output, "config.json")), File.ReadAllBytes(Path.Combine(Exported, "config.json")));
    }

    /// <summary>Files of at most 1 MiB. Expected: an index that names the file of every tensor and the sum of all bytes.</summary>
    [Fact]
    public async Task Shards_OfASample_AreInTheIndex()
    {
        await QuantizeAsync(models.Dit(ModelForm.Safetensors), 4, 128);
        Export(new() { Format = ExportFormat.SafeTensors, ShardBytes = 1 << 20 });

        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Exported, "model.safetensors.index.json")));
        Dictionary<string, string> map = index.RootElement.GetProperty("weight_map").EnumerateObject()
            .ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!);
        string[] files = [.. map.Values.Distinct().Order(StringComparer.Ordinal)];
        Assert.InRange(files.Length, 4, 12);
        Assert.Equal($"model-00001-of-{files.Length:D5}.safetensors", files[0]);
        long total = 0;
        foreach (string file in files)
        {
            List<RawTensor> tensors = WeightFile.ReadRaw(Path.Combine(Exported, file)).Tensors;
            Assert.Equal(
                map.Where(pair => pair.Value == file).Select(pair => pair.Key).Order(), tensors.Select(tensor => tensor.Name).Order());
            long bytes = tensors.Sum(tensor => (long)tensor.Data.Length);
            Assert.InRange(bytes, 1, 1 << 20);
            total += bytes;
        }

        Assert.Equal(total, index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
    }

    /// <summary>
    /// Packed layers; scales as float16 where they are float16 values, which small ones of INT8 are not. Expected: unpacked by the
    /// definition of the layout they are the artefact's values to the bit, and config.json says how to unpack them.
    /// </summary>
    [Theory]
    [InlineData("dit", 4, 64, ElementType.F16)]
    [InlineData("dit", 8, 64, ElementType.F32)]
    public Task Packed_OfASample_UnpacksToItsValues(string model, int bits, int groupSize, ElementType dtype) =>
        AssertUnpacksAsync(model, bits, groupSize, dtype);

    /// <summary>The same for other models and group sizes.</summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("dit", 4, 32, ElementType.F16)]
    [InlineData("dit", 4, 128, ElementType.F16)]
    [InlineData("llada", 4, 128, ElementType.F16)]
    [InlineData("llada", 8, 32, ElementType.F32)]
    public Task Packed_OfEverySample_UnpacksToItsValues(string model, int bits, int groupSize, ElementType dtype) =>
        AssertUnpacksAsync(model, bits, groupSize, dtype);

    /// <summary>INT8 with float16 scales: the smallest have fewer digits there. Expected: the difference is told.</summary>
    [Fact]
    public async Task Packed_ScalesBelowFloat16_AreToldAsAnError()
    {
        await QuantizeAsync(models.Dit(ModelForm.Safetensors), 8, 64);
        ExportReport report = Export(new() { Format = ExportFormat.SafeTensors, Packing = ExportPacking.CompressedTensors });
        Assert.Contains(report.Tensors, tensor => tensor.StoredAs == "int8 packed, F16 scales" && !tensor.Exact);
        Assert.InRange(report.LargestRelativeError, 1e-6, 1e-2);
    }

    /// <summary>Layers that do not fit the layout: lattices, equalized ones. Expected: dequantized, with the reason.</summary>
    [Fact]
    public async Task Packed_LayersThatDoNotFit_AreDequantizedAndSaid()
    {
        await QuantizeAsync(models.Dit(ModelForm.Safetensors), 4, 64, new());
        ExportReport report = Export(new() { Format = ExportFormat.SafeTensors, Packing = ExportPacking.CompressedTensors });
        Assert.Contains(
            report.Tensors, tensor => tensor.Note == "not packed: its input channels are equalized" && tensor.StoredAs == "F16");
        Assert.Contains(report.Tensors, tensor => tensor.StoredAs == "int4 packed, F16 scales");

        using Quantizing small = new();
        await small.RunAsync(models.Gaussian(ModelForm.Safetensors), new() { BitWidth = 2, MinAccuracy = 0.2 });
        report = ArtefactExporter.Export(
            small.Output, Exported, new() { Format = ExportFormat.SafeTensors, Packing = ExportPacking.CompressedTensors, Force = true },
            TestContext.Current.CancellationToken);
        Assert.All(
            report.Tensors.Where(tensor => tensor.IsLayer),
            tensor => Assert.Equal(("F16", "not packed: only affine INT4 and INT8 have integer zero points"), (tensor.StoredAs, tensor.Note)));
        Assert.False(File.Exists(Path.Combine(Exported, "config.json")), "no layer was packed: there is nothing to tell");
    }

    /// <inheritdoc/>
    public void Dispose() => _quantizing.Dispose();

    // Where the configuration lists the module: its bits are as expected; the answer is its group size, or null for whole rows.
    private static int? GroupOf(JsonElement config, string layer, int bits)
    {
        JsonElement quantization = config.GetProperty("quantization_config");
        Assert.Equal("compressed-tensors", quantization.GetProperty("quant_method").GetString());
        Assert.Equal("pack-quantized", quantization.GetProperty("format").GetString());
        JsonElement group = Assert.Single(
            quantization.GetProperty("config_groups").EnumerateObject().Select(pair => pair.Value),
            candidate => candidate.GetProperty("targets").EnumerateArray().Any(target => target.GetString() + ".weight" == layer));
        JsonElement weights = group.GetProperty("weights");
        Assert.Equal(bits, weights.GetProperty("num_bits").GetInt32());
        Assert.Equal("int", weights.GetProperty("type").GetString());
        Assert.False(weights.GetProperty("symmetric").GetBoolean());
        bool isGrouped = weights.GetProperty("strategy").GetString() == "group";
        return isGrouped ? weights.GetProperty("group_size").GetInt32() : null;
    }

    // Signed codes and zero points were moved by half their range to be unsigned; 32 / bits of them are in an int32, the first lowest.
    // Weights are packed along the row, zero points along the column.
    private static float[] Unpack(Dictionary<string, RawTensor> tensors, string name, int bits, int? groupSize)
    {
        RawTensor words = tensors[name + "_packed"], zeroWords = tensors[name + "_zero_point"], scales = tensors[name + "_scale"];
        byte[] shape = tensors[name + "_shape"].Data;
        int rows = (int)BinaryPrimitives.ReadInt64LittleEndian(shape);
        int columns = (int)BinaryPrimitives.ReadInt64LittleEndian(shape.AsSpan(8));
        (int perWord, int half) = (32 / bits, 1 << (bits - 1));
        int groups = groupSize is { } size ? columns / size : 1;
        Assert.Equal(("I32", "I32", "I64"), (words.Type, zeroWords.Type, tensors[name + "_shape"].Type));
        Assert.Equal([rows, (columns + perWord - 1) / perWord], words.Shape);
        Assert.Equal([(rows + perWord - 1) / perWord, groups], zeroWords.Shape);
        Assert.Equal([rows, groups], scales.Shape);
        float[] scaleValues = scales.ToFloats();
        float[] values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                int group = column / (columns / groups);
                int code = Signed(words.Data, row * (int)words.Shape[1] + column / perWord, column % perWord);
                int zeroPoint = Signed(zeroWords.Data, row / perWord * groups + group, row % perWord);
                values[row * columns + column] = (code - zeroPoint) * scaleValues[row * groups + group];
            }
        }

        return values;

        int Signed(byte[] data, int word, int place) =>
            (BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(4 * word)) >> (bits * place) & ((1 << bits) - 1)) - half;
    }

    private async Task AssertUnpacksAsync(string model, int bits, int groupSize, ElementType dtype)
    {
        await QuantizeAsync(model == "dit" ? models.Dit(ModelForm.Safetensors) : models.Llada(ModelForm.Safetensors), bits, groupSize);
        ExportReport report = Export(new() { Format = ExportFormat.SafeTensors, Packing = ExportPacking.CompressedTensors, Dtype = dtype });

        Dictionary<string, RawTensor> tensors =
            WeightFile.ReadRaw(Path.Combine(Exported, "model.safetensors")).Tensors.ToDictionary(tensor => tensor.Name);
        using ArtefactReader artefact = ArtefactReader.Open(_quantizing.Output);
        using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Exported, "config.json")));
        int packed = 0;
        foreach ((StoredLayer layer, ExportedTensor told) in artefact.Layers.Zip(report.Tensors).Where(pair => !pair.First.IsKept))
        {
            if (told.Note is not null)
            {
                Assert.StartsWith("not packed: rows of", told.Note, StringComparison.Ordinal);
                Assert.Equal(dtype.ToString(), tensors[layer.Name].Type);
                continue;
            }

            packed++;
            Assert.True(told.Exact, layer.Name);
            Assert.Equal(artefact.ReadLayer(layer.Name), Unpack(tensors, layer.Name, bits, GroupOf(config.RootElement, layer.Name, bits)));
        }

        Assert.Equal(LayersThatFit(artefact, groupSize), packed);
        Assert.InRange(packed, 1, 100);

        static int LayersThatFit(ArtefactReader artefact, int groupSize) =>
            artefact.Layers.Count(layer => !layer.IsKept && (layer.View.Columns <= groupSize || layer.View.Columns % groupSize == 0));
    }

    private ExportReport Export(ExportOptions options) =>
        ArtefactExporter.Export(_quantizing.Output, Exported, options, TestContext.Current.CancellationToken);

    private async Task QuantizeAsync(string model, int bits, int groupSize, Pipeline.Planning.QuantizationRunOptions? options = null) =>
        await _quantizing.RunAsync(
            model, new DiffusionQuantConfig { BitWidth = bits, GroupSize = groupSize, MinAccuracy = 0.2, KeepMinAccuracy = true }, options);
}
