using System.Text.Json;
using ArrowQuant.Configuration;

namespace ArrowQuant.Sources;

/// <summary>
/// Gathers what a model says of itself: the <c>modality</c> of metadata.json, then class names of model_index.json and config.json, then
/// the <c>__metadata__</c> of safetensors files. The first that tells wins.
/// </summary>
internal static class ModelDescriber
{
    private static readonly string[] ConfigKeys = ["architectures", "_class_name", "model_type"];
    private static readonly string[] MetadataKeys = ["modality", "modelspec.architecture", "architecture", "model_type"];

    /// <summary>Describes a plain model.</summary>
    /// <param name="folder">Its folder, or null for a file that stands alone.</param>
    /// <param name="format">The name of the format.</param>
    /// <param name="fileMetadata">The <c>__metadata__</c> of its files.</param>
    /// <exception cref="Errors.ModelFormatException">A sidecar leads out of the folder.</exception>
    public static ModelDescription Describe(ModelFolder? folder, string format, IReadOnlyDictionary<string, string> fileMetadata)
    {
        Finding finding = FromFolder(folder);
        if (folder?.Config is { } config) finding = finding.Or(FromConfig(config, "config.json"));
        finding = finding.Or(FromFile(fileMetadata));
        return Complete(finding, folder, [.. ConfigsOf(folder)], fileMetadata) with
        {
            Format = format,
            Sidecars = folder is null ? [] : SidecarFiles.OfModel(folder.Path),
        };
    }

    /// <summary>Describes a diffusers folder; the caller adds sidecars.</summary>
    /// <param name="folder">The root folder.</param>
    /// <param name="index">model_index.json.</param>
    /// <param name="components">Components with tensors: their names and folders.</param>
    public static ModelDescription DescribeDiffusers(
        ModelFolder folder, JsonElement index, IReadOnlyList<(string Name, ModelFolder Folder)> components)
    {
        Finding finding = FromFolder(folder).Or(FromConfig(index, DiffusersIndex.FileName));
        foreach ((string name, ModelFolder component) in components)
        {
            if (component.Config is { } config) finding = finding.Or(FromConfig(config, $"{name}/config.json"));
        }

        return Complete(finding, folder, [], new Dictionary<string, string>()) with { Format = "diffusers", IsDiffusionModel = true };
    }

    private static ModelDescription Complete(
        Finding finding, ModelFolder? folder, JsonElement[] configs, IReadOnlyDictionary<string, string> fileMetadata)
    {
        // config.json names the architecture (gpt2); metadata.json often only says "diffusion".
        string? modelType = configs.Select(config => JsonFile.StringOf(config, "model_type")).FirstOrDefault(type => type is not null);
        string? metadataType = folder?.Metadata is { } metadata ? JsonFile.StringOf(metadata, "model_type") : null;
        string? fileType = fileMetadata.GetValueOrDefault("model_type");
        string?[] types = [modelType, metadataType, fileType];
        string? architecture = fileMetadata.GetValueOrDefault("modelspec.architecture");
        return new ModelDescription
        {
            Format = "",
            Modality = finding.Modality,
            ModalityOrigin = finding.Modality is null ? null : finding.Origin,
            ModelType = modelType ?? metadataType ?? fileType,
            IsDiffusionModel = types.Any(type => type?.Contains("diffusion", StringComparison.OrdinalIgnoreCase) == true)
                || configs.SelectMany(NamesOf).Any(name => ModalityTable.Of(name) is not null)
                || (architecture is not null && ModalityTable.Of(architecture) is not null),
            Notes = finding.Note is null ? [] : [finding.Note],
            CalibrationFiles = folder is null ? [] : SidecarFiles.Calibration(folder.Path),
        };
    }

    private static IEnumerable<JsonElement> ConfigsOf(ModelFolder? folder) => folder?.Config is { } config ? [config] : [];

    // metadata.json speaks first: what it says and we do not make is not overruled by a class name.
    private static Finding FromFolder(ModelFolder? folder)
    {
        if (folder?.Metadata is not { } metadata || JsonFile.StringOf(metadata, "modality") is not { } value) return default;
        const string Origin = "metadata.json modality";
        if (ModalityTable.TryParse(value, out Modality modality)) return new Finding(modality, Origin, null);
        return new Finding(null, Origin, $"metadata.json says modality '{Printable.Of(value)}', known are text, code, image, audio");
    }

    private static Finding FromConfig(JsonElement config, string file)
    {
        foreach (string key in ConfigKeys)
        {
            foreach (string name in NamesOf(config, key))
            {
                if (ModalityTable.Of(name) is { } modality) return new Finding(modality, $"{file} {key}", null);
            }
        }

        return default;
    }

    private static Finding FromFile(IReadOnlyDictionary<string, string> metadata)
    {
        foreach (string key in MetadataKeys)
        {
            if (!metadata.TryGetValue(key, out string? value)) continue;
            Modality? modality = key == "modality" && ModalityTable.TryParse(value, out Modality stated) ? stated : ModalityTable.Of(value);
            if (modality is not null) return new Finding(modality, $"__metadata__ {key}", null);
        }

        return default;
    }

    private static IEnumerable<string> NamesOf(JsonElement config) => ConfigKeys.SelectMany(key => NamesOf(config, key));

    private static IEnumerable<string> NamesOf(JsonElement config, string key)
    {
        if (!config.TryGetProperty(key, out JsonElement value)) return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => [JsonFile.TextOf(value)],
            JsonValueKind.Array => value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(JsonFile.TextOf),
            _ => [],
        };
    }

    private readonly record struct Finding(Modality? Modality, string? Origin, string? Note)
    {
        public Finding Or(Finding next) => Origin is null ? next : this;
    }
}
