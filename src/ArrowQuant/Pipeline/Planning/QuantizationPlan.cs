using ArrowQuant.Reporting;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>What a run would do: decided from names, shapes and types, without reading weights.</summary>
public sealed record QuantizationPlan
{
    /// <summary>The model as the caller named it.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The source's format in words.</summary>
    public required string Format { get; init; }

    /// <summary><c>text</c>, <c>code</c>, <c>image</c> or <c>audio</c>.</summary>
    public required string Modality { get; init; }

    /// <summary>The strategy that the modality decided.</summary>
    public required StrategyReport Strategy { get; init; }

    /// <summary>The recipe: <c>strategy</c> or <c>best</c>.</summary>
    public required string Recipe { get; init; }

    /// <summary>The width that was asked for.</summary>
    public required int BitWidth { get; init; }

    /// <summary>Every layer that would be quantized, in plan order.</summary>
    public required IReadOnlyList<PlannedLayer> Layers { get; init; }

    /// <summary>Every tensor that would be stored as it is, with the reason.</summary>
    public required IReadOnlyList<KeptReport> Kept { get; init; }

    /// <summary>Bytes of all source tensors.</summary>
    public required long SourceBytes { get; init; }

    /// <summary>Bytes of the artefact's shards as far as they can be foreseen, without compression.</summary>
    public required long PredictedBytes { get; init; }

    /// <summary>Facts about the source that the user should know, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One layer that would be quantized.</summary>
/// <param name="Name">The unique name.</param>
/// <param name="Shape">The source's shape.</param>
/// <param name="SourceDtype">The source's element type.</param>
/// <param name="BitWidth">2, 4 or 8.</param>
/// <param name="Method">The method that would be used, fallbacks that are known already included.</param>
/// <param name="Enhancement">The enhancement that would be used.</param>
/// <param name="SourceBytes">Bytes in the source.</param>
/// <param name="PredictedBytes">Bytes in the artefact before compression.</param>
/// <param name="WidthReason">Why it has a width of its own, <c>pinned</c> or <c>edge</c>, or null.</param>
public sealed record PlannedLayer(
    string Name,
    IReadOnlyList<long> Shape,
    string SourceDtype,
    int BitWidth,
    string Method,
    string Enhancement,
    long SourceBytes,
    long PredictedBytes,
    string? WidthReason = null);
