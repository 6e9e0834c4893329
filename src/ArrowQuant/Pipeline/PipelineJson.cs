using System.Text.Json;
using System.Text.Json.Serialization;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;

namespace ArrowQuant.Pipeline;

/// <summary>The JSON form of plans, inspections and validation reports: as result documents.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QuantizationPlan))]
[JsonSerializable(typeof(ModelInspection))]
[JsonSerializable(typeof(ValidationReport))]
internal sealed partial class PipelineJsonContext : JsonSerializerContext;

/// <summary>Writes the documents of the pipeline as UTF-8 text that ends with a line feed.</summary>
public static class PipelineJson
{
    /// <summary>The document of a plan.</summary>
    public static string Serialize(QuantizationPlan plan) =>
        JsonSerializer.Serialize(plan, PipelineJsonContext.Default.QuantizationPlan) + "\n";

    /// <summary>The document of an inspection.</summary>
    public static string Serialize(ModelInspection inspection) =>
        JsonSerializer.Serialize(inspection, PipelineJsonContext.Default.ModelInspection) + "\n";

    /// <summary>The document of a validation.</summary>
    public static string Serialize(ValidationReport report) =>
        JsonSerializer.Serialize(report, PipelineJsonContext.Default.ValidationReport) + "\n";
}
