using System.Text.Json;
using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>The descriptions that lie in the folder of a model or component.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Metadata">metadata.json, or null when there is none.</param>
/// <param name="Config">config.json, or null when there is none.</param>
internal sealed record ModelFolder(string Path, JsonElement? Metadata, JsonElement? Config)
{
    /// <summary>The <c>quantization_config.quant_method</c> of config.json, or null.</summary>
    public string? QuantizationMethod =>
        Config is { } config
        && config.TryGetProperty("quantization_config", out JsonElement settings)
        && settings.ValueKind == JsonValueKind.Object
            ? JsonFile.StringOf(settings, "quant_method") ?? "unnamed"
            : null;

    /// <summary>Reads what is there.</summary>
    /// <exception cref="ModelFormatException">A file is there but is not a JSON object.</exception>
    public static ModelFolder Read(string folder) =>
        new(folder, ReadOptional(folder, "metadata.json"), ReadOptional(folder, "config.json"));

    private static JsonElement? ReadOptional(string folder, string name)
    {
        string path = System.IO.Path.Combine(folder, name);
        if (!File.Exists(path)) return null;
        ContainedPath.ThrowIfOutside(folder, path, folder);
        return JsonFile.ReadObject(path);
    }
}
