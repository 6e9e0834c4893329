using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowQuant.Reporting;

/// <summary>The one JSON form of result documents: snake_case, two-space indent, numbers invariant and shortest round-trip.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    NewLine = "\n",
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QuantizationResult))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;

/// <summary>Writes and reads result documents.</summary>
public static class ReportJson
{
    /// <summary>The document as UTF-8 text that ends with a line feed.</summary>
    public static string Serialize(QuantizationResult result) =>
        JsonSerializer.Serialize(result, ReportJsonContext.Default.QuantizationResult) + "\n";

    /// <summary>Reads a document back.</summary>
    /// <exception cref="JsonException">The text is not such a document.</exception>
    public static QuantizationResult Deserialize(string json) =>
        JsonSerializer.Deserialize(json, ReportJsonContext.Default.QuantizationResult)
        ?? throw new JsonException("the report is empty");
}
