using System.Text.Json;
using ArrowQuant.Errors;
using ArrowQuant.Storage;

namespace ArrowQuant.Sources.Parquet;

/// <summary>Which files of a folder are a Parquet model.</summary>
internal static class ParquetModelFiles
{
    private const string Pattern = "*.parquet";
    private static readonly string[] MainNames = ["weights.parquet", "model.parquet"];
    private static readonly string[] OtherStems = ["calibration", "reference"];
    private static readonly EnumerationOptions TopLevel = new() { MatchCasing = MatchCasing.CaseInsensitive };

    /// <summary>True for a file that is called or begins like a Parquet file, and for a folder that holds such files.</summary>
    public static bool Exist(string fileOrFolder)
    {
        if (Directory.Exists(fileOrFolder)) return ParquetFailure.Map(fileOrFolder, null, () => InFolder(fileOrFolder).Count > 0);
        if (!File.Exists(fileOrFolder)) return false;
        return fileOrFolder.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)
            || ParquetFailure.Map(fileOrFolder, null, () => BeginsLikeParquet(fileOrFolder));
    }

    /// <summary>The Parquet files of a folder, calibration and reference data left out, in ordinal order.</summary>
    public static List<string> InFolder(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, Pattern, TopLevel)
            .Where(file => !OtherStems.Contains(Path.GetFileNameWithoutExtension(file), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>True for the names that the Python writers give to a file of all tensors.</summary>
    public static bool IsMainName(string file) => MainNames.Contains(Path.GetFileName(file), StringComparer.OrdinalIgnoreCase);

    /// <summary>True when the folder's metadata.json is one of our artefact: of our format and with a list of shards.</summary>
    public static bool IsOwnArtefact(string folder) =>
        ReadJson(Path.Combine(folder, "metadata.json")) is { } root
        && JsonFile.StringOf(root, "format") == "parquet_v2_extended" && root.TryGetProperty("shards", out JsonElement shards)
        && shards.ValueKind == JsonValueKind.Array;

    /// <summary>The object in a JSON file, or null when there is no such file.</summary>
    /// <exception cref="ModelFormatException">The file holds something else.</exception>
    public static JsonElement? ReadJson(string path) => File.Exists(path) ? JsonFile.ReadObject(path) : null;

    private static bool BeginsLikeParquet(string file)
    {
        using FileStream stream = new(RegularFile.Open(file), FileAccess.Read);
        Span<byte> head = stackalloc byte[4];
        return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual("PAR1"u8);
    }
}
