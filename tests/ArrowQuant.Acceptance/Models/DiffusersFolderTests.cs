using System.Text.Json;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Models;

/// <summary>A whole pipeline folder: several components, one artefact.</summary>
public sealed class DiffusersFolderTests : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: a pipeline becomes one artefact of the same form. Input: a folder with unet, text_encoder, vae and scheduler, named by
    /// model_index.json. Expected: shards in OUT/unet and OUT/text_encoder, vae and scheduler byte for byte, model_index.json, one
    /// metadata.json and one report.json at the root, names component/tensor, one mean over all layers, decoded figures as stated, and the
    /// validator finds nothing wrong.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Quantize_DiffusersFolder_KeepsItsForm(int bits)
    {
        string pipeline = WritePipeline(Path.Combine(_run.Inputs, "pipeline"));
        string[] before = FolderState.Of(pipeline);
        QuantizationResult result = await _run.RunAsync(pipeline, new() { BitWidth = bits });

        Assert.Equal("image", result.Modality);
        Assert.Equal(
            ["text_encoder/encoder.layers.0.mlp.fc1.weight", "unet/down.0.attn.to_q.weight", "unet/mid.conv.weight"],
            result.Layers.Select(layer => layer.Name).Order(StringComparer.Ordinal));
        Assert.Contains(result.Kept, kept => kept.Name == "unet/down.0.attn.to_q.bias");
        Assert.Equal(result.Layers.Average(layer => layer.CosineSimilarity), result.CosineSimilarity, 1e-12);
        Assert.Single(Directory.GetFiles(Path.Combine(_run.Output, "unet"), "*.parquet"));
        Assert.Single(Directory.GetFiles(Path.Combine(_run.Output, "text_encoder"), "*.parquet"));
        Assert.Empty(Directory.GetFiles(_run.Output, "*.parquet"));
        Assert.Equal(FolderState.Of(Path.Combine(pipeline, "vae")), FolderState.Of(Path.Combine(_run.Output, "vae")));
        Assert.Equal(FolderState.Of(Path.Combine(pipeline, "scheduler")), FolderState.Of(Path.Combine(_run.Output, "scheduler")));
        foreach (string file in (string[])["model_index.json", "unet/config.json", "text_encoder/config.json"])
            Assert.Equal(FolderState.HashOf(Path.Combine(pipeline, file)), FolderState.HashOf(Path.Combine(_run.Output, file)));
        foreach (string file in (string[])["metadata.json", "report.json"])
            Assert.Equal([Path.Combine(_run.Output, file)], Directory.GetFiles(_run.Output, file, SearchOption.AllDirectories));
        Assert.Equal(
            [Path.Combine(_run.Output, "vae", "diffusion_pytorch_model.safetensors")],
            Directory.GetFiles(_run.Output, "*.safetensors", SearchOption.AllDirectories));

        Dictionary<string, (long[] Shape, float[] Values)> original = new(StringComparer.Ordinal);
        foreach ((string component, string file) in ((string, string)[])[("unet", "diffusion_pytorch_model"), ("text_encoder", "model")])
        {
            foreach (var tensor in WeightFile.Read(Path.Combine(pipeline, component, file + ".safetensors")))
                original.Add($"{component}/{tensor.Key}", tensor.Value);
        }

        DecodedAssert.StatesTheTruth(result, original, _run.Output);
        Assert.Empty(ArtefactValidator.Validate(pipeline, _run.Output, cancellationToken: TestContext.Current.CancellationToken).Problems);
        Assert.Equal(before, FolderState.Of(pipeline));
    }

    /// <summary>
    /// Purpose: a component that is kept by default can be asked for. Input: the same folder with --include of the vae. Expected: vae/
    /// holds shards and its layers are in the result.
    /// </summary>
    [Fact]
    public async Task Quantize_IncludedComponent_IsQuantizedAsWell()
    {
        string pipeline = WritePipeline(Path.Combine(_run.Inputs, "pipeline"));
        QuantizationResult result = await _run.RunAsync(pipeline, new() { BitWidth = 4, IncludeLayers = ["vae"] });

        Assert.Contains(result.Layers, layer => layer.Name == "vae/decoder.mid.conv.weight");
        Assert.Single(Directory.GetFiles(Path.Combine(_run.Output, "vae"), "*.parquet"));
        Assert.Empty(Directory.GetFiles(Path.Combine(_run.Output, "vae"), "*.safetensors"));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private static string WritePipeline(string folder)
    {
        Directory.CreateDirectory(folder);
        Dictionary<string, string[]> components = new(StringComparer.Ordinal)
        {
            ["unet"] = ["diffusers", "UNet2DConditionModel"],
            ["text_encoder"] = ["transformers", "CLIPTextModel"],
            ["vae"] = ["diffusers", "AutoencoderKL"],
            ["scheduler"] = ["diffusers", "DDIMScheduler"],
        };
        Dictionary<string, object> index = new(StringComparer.Ordinal) { ["_class_name"] = "StableDiffusionPipeline" };
        foreach ((string component, string[] pair) in components)
        {
            index.Add(component, pair);
            Directory.CreateDirectory(Path.Combine(folder, component));
            string file = component == "scheduler" ? "scheduler_config.json" : "config.json";
            File.WriteAllText(Path.Combine(folder, component, file), JsonSerializer.Serialize(new { _class_name = pair[1] }));
        }

        File.WriteAllText(Path.Combine(folder, "model_index.json"), JsonSerializer.Serialize(index));
        Write(folder, "unet/diffusion_pytorch_model", 51,
            ("down.0.attn.to_q.weight", [128, 256]), ("down.0.attn.to_q.bias", [128]), ("mid.conv.weight", [64, 32, 3, 3]));
        Write(folder, "text_encoder/model", 52, ("encoder.layers.0.mlp.fc1.weight", [256, 128]));
        Write(folder, "vae/diffusion_pytorch_model", 53, ("decoder.mid.conv.weight", [32, 32, 3, 3]));
        return folder;
    }

    private static void Write(string folder, string file, ulong seed, params (string Name, long[] Shape)[] layers)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in layers)
        {
            int count = (int)shape.Aggregate(1L, (product, size) => product * size);
            tensors.Add(name, (shape, SyntheticModels.Values(WeightDistribution.Gaussian, count, seed++)));
        }

        WeightFileWriter.Write(Path.Combine(folder, file + ".safetensors"), tensors);
    }
}
