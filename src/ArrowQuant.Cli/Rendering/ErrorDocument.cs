using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ArrowQuant.Fallback;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>What <c>--json</c> prints on failure.</summary>
internal sealed record ErrorDocument(ErrorDetail Error, IReadOnlyList<QuantizationAttempt> Attempts, FallbackReport Fallback)
{
    /// <summary>The document as UTF-8 text that ends with a line feed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ErrorJsonContext.Readable.ErrorDocument) + "\n";
}

/// <summary>The failure itself.</summary>
/// <param name="Kind">A stable word: <c>configuration</c>, <c>model_format</c>, <c>quality</c>, ...</param>
/// <param name="Message">One line.</param>
/// <param name="File">The file it is about, or null.</param>
/// <param name="Tensor">The tensor it is about, or null.</param>
/// <param name="ExitCode">The process's exit code.</param>
/// <param name="Errors">Of wrong usage or configuration, every error on its own; else null.</param>
internal sealed record ErrorDetail(
    string Kind,
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? File,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Tensor,
    int ExitCode,
    IReadOnlyList<string>? Errors);

/// <summary>The JSON form of failures. Figures may be NaN where a run failed because of it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorDocument))]
internal sealed partial class ErrorJsonContext : JsonSerializerContext
{
    /// <summary>Leaves quotes and letters of other scripts as they are: the document is for a pipe, not for a web page.</summary>
    public static ErrorJsonContext Readable =>
        new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
