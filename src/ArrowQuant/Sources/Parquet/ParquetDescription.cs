using System.Text.Json;
using ArrowQuant.Configuration;

namespace ArrowQuant.Sources.Parquet;

/// <summary>What a Parquet model says of itself in its rows and in the JSON files beside it.</summary>
internal static class ParquetDescription
{
    private static readonly string[] SidecarNames =
    [
        "config.json", "generation_config.json", "preprocessor_config.json", "scheduler_config.json", "tokenizer_config.json",
        "tokenizer.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
        "spiece.model", "sentencepiece.bpe.model",
    ];

    /// <summary>Gathers the description.</summary>
    /// <param name="folder">The folder of the files.</param>
    /// <param name="rows">Every row of the model.</param>
    /// <param name="notes">What reading them brought up.</param>
    public static ModelDescription Of(string folder, IReadOnlyList<ModelRow> rows, IReadOnlyList<string> notes)
    {
        JsonElement? metadata = ParquetModelFiles.ReadJson(Path.Combine(folder, "metadata.json"));
        JsonElement? config = ParquetModelFiles.ReadJson(Path.Combine(folder, "config.json"));
        string? modelType = Text(metadata, "model_type") ?? Text(config, "model_type");
        // The older converter writes the modality into "architecture".
        (string? Text, string Origin)[] candidates =
        [
            (ColumnModality(rows), "modality column"),
            (Text(metadata, "modality"), "metadata.json modality"),
            (Text(metadata, "architecture"), "metadata.json architecture"),
            (Text(config, "modality"), "config.json modality"),
        ];
        ModelDescription description = new()
        {
            Format = rows.Max(row => row.Layout).FormatName(),
            ModelType = modelType,
            IsDiffusionModel = rows.Any(row => row.IsDiffusionModel)
                || (modelType?.Contains("diffusion", StringComparison.OrdinalIgnoreCase) ?? false),
            Sidecars =
            [
                .. SidecarNames.Select(name => new SidecarFile(Path.Combine(folder, name), name))
                    .Where(file => File.Exists(file.SourcePath)),
            ],
            Notes = notes,
            CalibrationFiles = [.. Directory.EnumerateFiles(folder, "calibration.*").Order(StringComparer.Ordinal)],
        };
        foreach ((string? text, string origin) in candidates)
        {
            if (ModalityOf(text) is { } modality) return description with { Modality = modality, ModalityOrigin = origin };
        }

        return description;
    }

    private static string? ColumnModality(IEnumerable<ModelRow> rows)
    {
        string[] distinct = [.. rows.Select(row => row.Modality).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Take(2)];
        return distinct.Length == 1 ? distinct[0] : null; // rows that disagree tell nothing
    }

    private static string? Text(JsonElement? root, string property) => root is { } value ? JsonFile.StringOf(value, property) : null;

    private static Modality? ModalityOf(string? text) => text?.ToLowerInvariant() switch
    {
        "text" => Modality.Text,
        "code" => Modality.Code,
        "image" => Modality.Image,
        "audio" => Modality.Audio,
        _ => null,
    };
}
