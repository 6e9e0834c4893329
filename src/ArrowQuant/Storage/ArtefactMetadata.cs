using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowQuant.Storage;

/// <summary>The document in metadata.json: what the artefact is and which files it consists of.</summary>
internal sealed record ArtefactMetadata
{
    /// <summary><c>parquet_v2_extended</c>.</summary>
    public string Format { get; init; } = ArtefactLayout.FormatName;

    /// <summary>The format's version, <c>major.minor</c>.</summary>
    public required string FormatVersion { get; init; }

    /// <summary>The version of the program that wrote it.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>text, code, image, audio, or null.</summary>
    public string? Modality { get; init; }

    /// <summary>The model's type as its source names it, or null.</summary>
    public string? ModelType { get; init; }

    /// <summary>True for a diffusion model.</summary>
    public bool IsDiffusionModel { get; init; }

    /// <summary>The configuration that made it, as its writer spelled it, or null.</summary>
    public JsonElement? QuantizationConfig { get; init; }

    /// <summary>XXH128 of the calibration files, in order, or null without any.</summary>
    public string? CalibrationXxh128 { get; init; }

    /// <summary>Every shard, in order.</summary>
    public required IReadOnlyList<ArtefactShard> Shards { get; init; }

    /// <summary>XXH128 of report.json, or null when there is none.</summary>
    public string? ReportXxh128 { get; init; }

    /// <summary>The document as UTF-8 bytes that end with a line feed.</summary>
    public byte[] ToUtf8() =>
        [.. JsonSerializer.SerializeToUtf8Bytes(this, ArtefactMetadataJson.Default.ArtefactMetadata), (byte)'\n'];

    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static ArtefactMetadata Parse(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, ArtefactMetadataJson.Default.ArtefactMetadata) ?? throw new JsonException("the document is null");

    /// <summary>True when this program wrote the document, in any version; older writers list no version and no shards.</summary>
    public static bool IsOwn(byte[] utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("format", out JsonElement format) && format.ValueEquals(ArtefactLayout.FormatName)
                && root.TryGetProperty("format_version", out _)
                && root.TryGetProperty("shards", out JsonElement shards) && shards.ValueKind == JsonValueKind.Array;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>One shard as metadata.json lists it.</summary>
/// <param name="Path">Its path in the artefact, forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Xxh128">XXH128 of the file, 32 lower-case hexadecimal digits.</param>
/// <param name="Sha256">SHA-256 of the file, 64 lower-case hexadecimal digits, or null.</param>
internal sealed record ArtefactShard(string Path, long Bytes, string Xxh128, string? Sha256 = null)
{
    public static ArtefactShard Of(ShardFile file) => new(file.RelativePath, file.Bytes, file.Xxh128, file.Sha256);
}

/// <summary>Source-generated JSON of <see cref="ArtefactMetadata"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ArtefactMetadata))]
internal sealed partial class ArtefactMetadataJson : JsonSerializerContext;
