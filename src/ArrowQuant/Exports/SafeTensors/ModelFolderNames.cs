using System.Text.Json.Nodes;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>What the files of a model are called in its folder.</summary>
/// <param name="Stem"><c>model</c>, or <c>diffusion_pytorch_model</c> in a component of the diffusers library.</param>
internal sealed record ModelFolderNames(string Stem)
{
    /// <summary>The list of shards.</summary>
    public string Index => $"{Stem}.safetensors.index.json";

    /// <summary>The names in a folder with this configuration, or none.</summary>
    public static ModelFolderNames Of(JsonObject? config) =>
        new(config?.ContainsKey("_class_name") == true ? "diffusion_pytorch_model" : "model");

    /// <summary>File <paramref name="number"/> (from 1) of <paramref name="count"/>.</summary>
    public string Shard(int number, int count) =>
        count == 1 ? $"{Stem}.safetensors" : $"{Stem}-{number:D5}-of-{count:D5}.safetensors";
}
