using System.Text.Json;
using System.Text.Json.Serialization;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports;

/// <summary>What an export holds and how far it is from the artefact: the document in <c>export.json</c>.</summary>
public sealed record ExportReport
{
    /// <summary>What the document is: <c>arrowquant_export</c>.</summary>
    public string Kind { get; init; } = ExportLayout.KindName;

    /// <summary>The version of the document, <c>1.0</c>.</summary>
    public string SchemaVersion { get; init; } = "1.0";

    /// <summary>The version of the program that wrote the export.</summary>
    public required string ToolVersion { get; init; }

    /// <summary><c>gguf</c> or <c>safetensors</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Every file of the export but this document, in order of their paths.</summary>
    public required IReadOnlyList<ExportedFile> Files { get; init; }

    /// <summary>Bytes of all tensors in the export.</summary>
    public required long TensorBytes { get; init; }

    /// <summary>Bytes of all tensors in the artefact: codes, scales and kept values, before compression.</summary>
    public required long ArtefactTensorBytes { get; init; }

    /// <summary>Layers and kept tensors that decode to the same bits.</summary>
    public required int ExactTensors { get; init; }

    /// <summary>The largest relative error of a tensor; 0 when all are exact.</summary>
    public required double LargestRelativeError { get; init; }

    /// <summary>Every tensor, in the order of the artefact.</summary>
    public required IReadOnlyList<ExportedTensor> Tensors { get; init; }

    /// <summary>The document as UTF-8 text that ends with a line feed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ExportJsonContext.Default.ExportReport) + "\n";
}

/// <summary>Source-generated JSON of <see cref="ExportReport"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ExportReport))]
internal sealed partial class ExportJsonContext : JsonSerializerContext;
