using ArrowQuant.Acceptance.Support;
using ArrowQuant.Exports;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Exports;

/// <summary>Exports of a pipeline of several components, and of tensors that are not matrices of floats.</summary>
public sealed class ComponentExportTests : IDisposable
{
    private readonly Quantizing _quantizing = new();

    private string Exported => Path.Combine(_quantizing.Around, "export");

    /// <summary>
    /// A diffusers folder. Expected: one GGUF file for each quantized component; in safetensors the folder's own form, with the file names
    /// that diffusers and transformers look for, and the kept component as it was.
    /// </summary>
    [Fact]
    public async Task Pipeline_OfComponents_KeepsThemApart()
    {
        string pipeline = WritePipeline(Path.Combine(_quantizing.Inputs, "pipeline"));
        await _quantizing.RunAsync(pipeline, new());
        ExportReport gguf = Export(new() { Format = ExportFormat.Gguf });
        Assert.Equal(["text_encoder.gguf", "unet.gguf"], gguf.Files.Select(file => file.Path));
        Assert.Contains(gguf.Tensors, tensor => tensor.Name == "unet/down.0.attn.to_q.weight" && tensor.StoredAs == "Q4_1");
        using (GgufReference unet = new(Path.Combine(Exported, "unet.gguf")))
            Assert.Equal(["down.0.attn.to_q.bias", "down.0.attn.to_q.weight"], unet.Tensors.Keys.Order(StringComparer.Ordinal));

        ExportReport folder = Export(new() { Format = ExportFormat.SafeTensors, Force = true });
        Assert.Equal(
            [
                "model_index.json", "text_encoder/config.json", "text_encoder/model.safetensors",
                "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
            ],
            folder.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal(FolderState.Of(Path.Combine(pipeline, "vae")), FolderState.Of(Path.Combine(Exported, "vae")));
    }

    /// <summary>
    /// Weights [in, out] as GPT-2 has them, five dimensions, a scalar, an empty tensor, integers, bytes and FP8. Expected: what ggml has no
    /// place for is folded or widened, values stay, and the empty tensor alone is left out.
    /// </summary>
    [Fact]
    public async Task Gguf_OddTensors_KeepTheirValues()
    {
        float[] values = SyntheticModels.Values(WeightDistribution.Gaussian, 64 * 96, 9);
        RawTensor[] tensors =
        [
            RawTensor.FromFloats("h.0.attn.c_attn.weight", "F32", [64, 96], values),
            RawTensor.FromFloats("blocks.0.proj.weight", "BF16", [96, 64], values),
            RawTensor.FromFloats("video.bias", "F32", [2, 1, 2, 1, 2], values.AsSpan(0, 8)),
            RawTensor.FromFloats("scalar", "F32", [], values.AsSpan(0, 1)),
            RawTensor.FromFloats("empty.bias", "F32", [0], []),
            RawTensor.FromFloats("small.bias", "F8_E4M3", [4], [1, -2, 0.5f, 448]),
            new("mask", "U8", [3], [0, 200, 255]),
            new("positions", "I64", [1], [7, 0, 0, 0, 0, 0, 0, 0]),
        ];
        string model = Path.Combine(_quantizing.Inputs, "model.safetensors");
        WeightFileWriter.Write(model, tensors, new Dictionary<string, string> { ["modality"] = "text", ["model_type"] = "gpt2" });
        await _quantizing.RunAsync(model, new() { GroupSize = 32 });
        ExportReport report = Export(new() { Format = ExportFormat.Gguf });

        using ArtefactReader artefact = ArtefactReader.Open(_quantizing.Output);
        using GgufReference gguf = new(Path.Combine(Exported, "model.gguf"));
        Assert.Equal(
            tensors.Select(tensor => tensor.Name).Where(name => name != "empty.bias").Order(StringComparer.Ordinal),
            gguf.Tensors.Keys.Order(StringComparer.Ordinal));
        ExportedTensor transposed = report.Tensors.Single(tensor => tensor.Name == "h.0.attn.c_attn.weight");
        Assert.Equal([96, 64, 1, 1], gguf.Tensors[transposed.Name].Sizes);
        Assert.Equal("Q8_0", transposed.StoredAs);
        Assert.Contains("outer dimension", transposed.Note, StringComparison.Ordinal);
        Assert.InRange(ExportAssert.RelativeError(artefact.ReadLayer(transposed.Name), gguf.Decode(transposed.Name)), 1e-5, 1e-2);
        Assert.Equal([2, 1, 2, 1, 2], gguf.Numbers("comfy.gguf.orig_shape.video.bias"));
        Assert.Equal(values[..8], gguf.Decode("video.bias"));
        Assert.Equal(values[..1], gguf.Decode("scalar"));
        Assert.Equal([1, -2, 0.5f, 448], gguf.Decode("small.bias"));
        Assert.Equal(("i16", "i64"), (gguf.Tensors["mask"].TypeName, gguf.Tensors["positions"].TypeName));
        Assert.Equal([0, 0, 200, 0, 255, 0], gguf.Bytes("mask").ToArray());
        Assert.Equal(7, gguf.Bytes("positions")[0]);
    }

    /// <inheritdoc/>
    public void Dispose() => _quantizing.Dispose();

    private static string WritePipeline(string folder)
    {
        WriteComponent(folder, "unet", "diffusion_pytorch_model", """{"_class_name":"UNet2DConditionModel"}""", "down.0.attn.to_q");
        WriteComponent(folder, "text_encoder", "model", """{"architectures":["CLIPTextModel"]}""", "encoder.layers.0.mlp.fc1");
        WriteComponent(folder, "vae", "diffusion_pytorch_model", null, "decoder.mid.attn.to_q");
        File.WriteAllText(
            Path.Combine(folder, "model_index.json"),
            """
            {"_class_name":"StableDiffusionPipeline","unet":["diffusers","UNet2DConditionModel"],
            "text_encoder":["transformers","CLIPTextModel"],"vae":["diffusers","AutoencoderKL"]}
            """);
        return folder;
    }

    private static void WriteComponent(string folder, string component, string file, string? config, string layer)
    {
        string target = Directory.CreateDirectory(Path.Combine(folder, component)).FullName;
        if (config is not null) File.WriteAllText(Path.Combine(target, "config.json"), config);
        WeightFileWriter.Write(
            Path.Combine(target, file + ".safetensors"),
            [
                RawTensor.FromFloats(layer + ".weight", "F32", [64, 128], SyntheticModels.Values(WeightDistribution.Gaussian, 64 * 128, 7)),
                RawTensor.FromFloats(layer + ".bias", "F32", [64], SyntheticModels.Values(WeightDistribution.Gaussian, 64, 8)),
            ]);
    }

    private ExportReport Export(ExportOptions options) =>
        ArtefactExporter.Export(_quantizing.Output, Exported, options, TestContext.Current.CancellationToken);
}
