using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Exports;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Exports;

/// <summary>GGUF files as ggml opens and decodes them.</summary>
public sealed class GgufExportTests(TestModels models) : IDisposable
{
    private static readonly Dictionary<string, uint> FileTypes = new() { ["F16"] = 1, ["Q4_1"] = 3, ["Q8_0"] = 7, ["Q2_K"] = 10 };

    private readonly Quantizing _quantizing = new();

    private string Exported => Path.Combine(_quantizing.Around, "gguf");

    /// <summary>
    /// One of each kind; <see cref="Gguf_OfEverySample_IsWhatGgmlDecodes"/> has the others. Expected: ggml finds the same tensors with the
    /// same shapes, and decodes kept ones to the same bits and layers to within the error that is reported, which for affine INT4 is at
    /// most 5e-4 in Q4_1.
    /// </summary>
    [Theory]
    [InlineData("dit", 4, 128, "Q4_1")]
    [InlineData("gaussian", 2, 128, "Q2_K")]
    [InlineData("gaussian", 8, 128, "Q8_0")]
    public Task Gguf_OfAModel_IsWhatGgmlDecodes(string model, int bits, int groupSize, string mostly) =>
        AssertDecodedByGgmlAsync(model, bits, groupSize, mostly);

    /// <summary>The same for every sample model, width and group size.</summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("dit", 4, 64, "Q4_1")]
    [InlineData("dit", 4, 32, "Q4_1")]
    [InlineData("dit", 8, 128, "Q8_0")]
    [InlineData("dit", 2, 64, "Q4_1")]
    [InlineData("dit", 2, 256, "Q4_1")]
    [InlineData("llada", 4, 128, "Q4_1")]
    [InlineData("llada", 2, 128, "Q4_1")]
    [InlineData("llada", 8, 32, "Q8_0")]
    [InlineData("diffwave", 4, 64, "F16")]
    public Task Gguf_OfEverySample_IsWhatGgmlDecodes(string model, int bits, int groupSize, string mostly) =>
        AssertDecodedByGgmlAsync(model, bits, groupSize, mostly);

    /// <summary>
    /// Equalized layers, whose factors GGUF has no place for. Expected: they are multiplied into the values, and the type with the error
    /// is told.
    /// </summary>
    [Fact]
    public async Task Gguf_OfEqualizedLayers_HoldsTheirValues()
    {
        await QuantizeAsync(models.Dit(ModelForm.Safetensors), 4, 128, new());
        ExportReport report = Export(new() { Format = ExportFormat.Gguf });

        using ArtefactReader artefact = ArtefactReader.Open(_quantizing.Output);
        using GgufReference gguf = new(Path.Combine(Exported, "model.gguf"));
        StoredLayer[] equalized = [.. artefact.Layers.Where(
            layer => layer.SpatialJson?.Contains("\"equalization_scales\":[]", StringComparison.Ordinal) == false)];
        Assert.InRange(equalized.Length, 5, 20);
        foreach (StoredLayer layer in equalized)
        {
            ExportedTensor told = report.Tensors.Single(tensor => tensor.Name == layer.FullName);
            Assert.Equal("Q8_0", told.StoredAs);
            Assert.Contains("equalized", told.Note, StringComparison.Ordinal);
            Assert.Contains("Q4_1 would add", told.Note, StringComparison.Ordinal);
            double error = ExportAssert.RelativeError(artefact.ReadLayer(layer.Name), gguf.Decode(layer.Name));
            Assert.Equal(told.RelativeError, error, 1e-9);
            Assert.InRange(error, 1e-4, 6e-3);
        }
    }

    /// <summary>
    /// Convolutions on request as matrices. Expected: block types, the shape in the key of ComfyUI-GGUF, and the values in the order of the
    /// shape.
    /// </summary>
    [Fact]
    public async Task Gguf_ReshapedConvolutions_KeepTheirShapeInAKey()
    {
        await QuantizeAsync(models.DiffWave(ModelForm.Safetensors), 4, 64);
        ExportReport plain = Export(new() { Format = ExportFormat.Gguf });
        ExportReport report = Export(new() { Format = ExportFormat.Gguf, ReshapeConvolutions = true, Force = true });

        using ArtefactReader artefact = ArtefactReader.Open(_quantizing.Output);
        using GgufReference gguf = new(Path.Combine(Exported, "model.gguf"));
        StoredLayer[] convolutions = [.. artefact.Layers.Where(layer => !layer.IsKept && layer.Shape.Rank == 3 && layer.View.RowAxis == 0)];
        Assert.NotEmpty(convolutions);
        foreach (StoredLayer layer in convolutions)
        {
            string key = $"comfy.gguf.orig_shape.{layer.Name}";
            Assert.Equal(layer.Shape.Dimensions.Select(size => (int)size), gguf.Numbers(key));
            Assert.Equal([layer.View.Columns, layer.View.Rows, 1, 1], gguf.Tensors[layer.Name].Sizes);
            Assert.Equal("q4_1", gguf.Tensors[layer.Name].TypeName);
            Assert.InRange(ExportAssert.RelativeError(artefact.ReadLayer(layer.Name), gguf.Decode(layer.Name)), 0, 5e-4);
        }

        Assert.True(report.TensorBytes < 0.6 * plain.TensorBytes, $"{report.TensorBytes} against {plain.TensorBytes}");
        Assert.All(
            plain.Tensors.Where(tensor => tensor.IsLayer && tensor.Shape.Count == 3), tensor => Assert.Equal("F16", tensor.StoredAs));
    }

    /// <summary>Names of tensors that ComfyUI-GGUF knows a model by, or none; and the architecture in the header.</summary>
    [Theory]
    [InlineData("flux", "double_blocks.0.img_attn.proj.weight")]
    [InlineData("sd3", "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight")]
    [InlineData("lumina2", "cap_embedder.1.weight", "context_refiner.0.attention.qkv.weight")]
    [InlineData("diffusion", "blocks.0.proj.weight")]
    public async Task Gguf_Architecture_ComesFromTheTensors(string architecture, params string[] names)
    {
        (string Name, long[] Shape)[] layers = [.. names.Select(name => (name, new long[] { 64, 64 }))];
        string model = SyntheticModels.Write(Path.Combine(_quantizing.Inputs, "model"), WeightDistribution.Gaussian, 5, layers: layers);
        await QuantizeAsync(model, 4, 64);
        Export(new() { Format = ExportFormat.Gguf });

        using GgufReference gguf = new(Path.Combine(Exported, "model.gguf"));
        Assert.Equal(architecture, gguf.Text("general.architecture"));
    }

    /// <summary>The same artefact exported twice. Expected: the same bytes.</summary>
    [Fact]
    public async Task Gguf_Twice_HasTheSameBytes()
    {
        await QuantizeAsync(models.Gaussian(ModelForm.Safetensors), 2, 128);
        string[] first = [.. Export(new() { Format = ExportFormat.Gguf }).Files.Select(file => file.Xxh128)];
        Assert.Equal(first, Export(new() { Format = ExportFormat.Gguf, Force = true }).Files.Select(file => file.Xxh128));
    }

    /// <inheritdoc/>
    public void Dispose() => _quantizing.Dispose();

    private async Task AssertDecodedByGgmlAsync(string model, int bits, int groupSize, string mostly)
    {
        await QuantizeAsync(Model(model), bits, groupSize);
        ExportReport report = Export(new() { Format = ExportFormat.Gguf });

        using ArtefactReader artefact = ArtefactReader.Open(_quantizing.Output);
        using GgufReference gguf = new(Path.Combine(Exported, "model.gguf"));
        Assert.Equal((3u, 32), (gguf.Version, gguf.Alignment));
        Assert.Equal(artefact.Layers.Count, gguf.Tensors.Count);
        Assert.Equal(artefact.Layers.Select(layer => layer.FullName), report.Tensors.Select(tensor => tensor.Name));
        foreach ((StoredLayer layer, ExportedTensor told) in artefact.Layers.Zip(report.Tensors))
        {
            GgufReferenceTensor tensor = gguf.Tensors[layer.Name];
            ExportAssert.Sizes(layer, tensor.Sizes);
            Assert.Equal(told.StoredAs, tensor.TypeName, ignoreCase: true);
            Assert.Equal(told.Bytes, tensor.Bytes);
            double error = ExportAssert.RelativeError(artefact.ReadLayer(layer.Name), gguf.Decode(layer.Name));
            Assert.Equal(told.RelativeError, error, 1e-9);
            Assert.Equal(told.Exact, error == 0);
            if (layer.IsKept) Assert.True(told.Exact);
            else if (told.StoredAs == "Q4_1" && bits == 4) Assert.InRange(error, 0, 5e-4);
            else Assert.InRange(error, 0, Math.Max(0.01, 0.25 * Math.Sqrt(layer.Nmse!.Value)));
        }

        Assert.Equal(FileTypes[mostly], gguf.Number("general.file_type"));
        Assert.Equal(2u, gguf.Number("general.quantization_version"));
        Assert.Contains(report.Tensors, tensor => tensor.IsLayer && tensor.StoredAs == mostly);
    }

    private string Model(string name) => name switch
    {
        "dit" => models.Dit(ModelForm.Safetensors),
        "llada" => models.Llada(ModelForm.Safetensors),
        "gaussian" => models.Gaussian(ModelForm.Safetensors),
        _ => models.DiffWave(ModelForm.Safetensors),
    };

    private ExportReport Export(ExportOptions options) =>
        ArtefactExporter.Export(_quantizing.Output, Exported, options, TestContext.Current.CancellationToken);

    private async Task QuantizeAsync(string model, int bits, int groupSize, Pipeline.Planning.QuantizationRunOptions? options = null) =>
        await _quantizing.RunAsync(
            model, new DiffusionQuantConfig { BitWidth = bits, GroupSize = groupSize, MinAccuracy = 0.2, KeepMinAccuracy = true }, options);
}
