using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>The names that make an artefact: files, footer keys, columns and the texts that columns hold.</summary>
internal static class ArtefactLayout
{
    public const string MetadataFile = "metadata.json";
    public const string ReportFile = "report.json";
    public const string FormatName = "parquet_v2_extended";
    public const string FormatVersion = "1.0";
    public const int FormatMajor = 1;

    public const string FormatKey = "arrowquant.format";
    public const string CompleteKey = "arrowquant.complete";
    public const string ArrowSchemaKey = "ARROW:schema";

    public const string LayerName = "layer_name";
    public const string Shape = "shape";
    public const string Dtype = "dtype";
    public const string Data = "data";
    public const string NumParams = "num_params";
    public const string QuantType = "quant_type";
    public const string Scales = "scales";
    public const string ZeroPoints = "zero_points";
    public const string Levels = "levels";
    public const string Layout = "layout";
    public const string QuantAxis = "quant_axis";
    public const string GroupSize = "group_size";
    public const string RowAxis = "row_axis";
    public const string IsDiffusionModel = "is_diffusion_model";
    public const string Modality = "modality";
    public const string TimeAwareJson = "time_aware_quant_json";
    public const string SpatialJson = "spatial_quant_json";
    public const string ActivationStatsJson = "activation_stats_json";
    public const string BitWidth = "bit_width";
    public const string Method = "method";
    public const string Enhancement = "enhancement";
    public const string Transform = "transform";
    public const string Correction = "correction";
    public const string RowStart = "row_start";
    public const string RowCount = "row_count";
    public const string CosineSimilarity = "cosine_similarity";
    public const string Nmse = "nmse";
    public const string SourceXxh128 = "source_xxh128";

    /// <summary>The text for "nothing": quant_type, layout, method of kept tensors; enhancement, transform and correction of any.</summary>
    public const string None = "none";

    /// <summary>The most bytes one Parquet value may take: its page, length prefix included, must stay below 2 GiB.</summary>
    public const long MaxValueBytes = int.MaxValue - 1024;

    /// <summary>Bytes of <c>data</c> that one block and one row group hold, unless a single matrix row is larger.</summary>
    public const int MaxBlockDataBytes = 4 << 20;

    /// <summary>Every method that a stored layer may name.</summary>
    public static IReadOnlyList<string> Methods { get; } = [None, "base", "per_channel", "r2q", "gptq"];

    /// <summary>Every enhancement that a stored layer may name.</summary>
    public static IReadOnlyList<string> Enhancements { get; } = [None, "time_aware", "spatial"];

    /// <summary>Every correction that a kept tensor may carry.</summary>
    public static IReadOnlyList<string> Corrections { get; } = [None, "bias"];

    /// <summary>The name of shard <paramref name="number"/> (from 1) of <paramref name="count"/>.</summary>
    public static string ShardName(int number, int count) => $"model-{number:D5}-of-{count:D5}.parquet";

    /// <summary>Shard number and count from a file name; null when the name is not a shard's.</summary>
    public static (int Number, int Count)? ParseShardName(string fileName)
    {
        const string Prefix = "model-", Middle = "-of-", Suffix = ".parquet";
        if (!fileName.StartsWith(Prefix, StringComparison.Ordinal) || !fileName.EndsWith(Suffix, StringComparison.Ordinal)) return null;
        string[] parts = fileName[Prefix.Length..^Suffix.Length].Split(Middle);
        return parts.Length == 2 && int.TryParse(parts[0], out int number) && int.TryParse(parts[1], out int count)
            && ShardName(number, count) == fileName
            ? (number, count)
            : null;
    }

    /// <summary>
    /// True when the folder is an artefact of this program, of any version and complete or not: its metadata.json says so, or it is the
    /// folder of one component with shards that carry our footer key. Folders of older writers are not.
    /// </summary>
    public static bool IsArtefact(string folder) => HasOwnMetadata(folder) || ShardFolder.HasOwnShards(folder);

    /// <summary>True when <paramref name="folder"/> has a metadata.json that this program wrote.</summary>
    public static bool HasOwnMetadata(string folder)
    {
        string path = Path.Combine(folder, MetadataFile);
        try
        {
            return File.Exists(path) && ArtefactMetadata.IsOwn(BoundedFile.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResourceException($"{path}: cannot be read: {e.Message}", e) { FilePath = path };
        }
    }
}
