using ArrowQuant.Fallback;

namespace ArrowQuant.Reporting;

/// <summary>
/// The outcome of a run: returned by the library, printed by <c>--json</c> and stored as <c>report.json</c>. Equal from run to run except
/// for times and paths. Numbers that have no finite value (the SQNR of an exact layer) are null.
/// </summary>
public sealed record QuantizationResult
{
    /// <summary>The word for calibration by running the model.</summary>
    internal const string Sequential = "sequential";

    /// <summary>Version of this document's form.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Version of the tool that wrote it.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>The model as the caller named it.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The artefact as the caller named it.</summary>
    public required string QuantizedPath { get; init; }

    /// <summary><c>text</c>, <c>code</c>, <c>image</c> or <c>audio</c>.</summary>
    public required string Modality { get; init; }

    /// <summary>The strategy that the modality decided; what each layer really got is in <see cref="Layers"/>.</summary>
    public required StrategyReport Strategy { get; init; }

    /// <summary>The recipe: <c>strategy</c> or <c>best</c>; null in documents of versions that had none.</summary>
    public string? Recipe { get; init; }

    /// <summary>
    /// <c>sequential</c> where layers were calibrated one after the other by running the model: then output figures are of the layer
    /// behind the quantized ones before it, against the original model. Null otherwise.
    /// </summary>
    public string? Calibration { get; init; }

    /// <summary>The width that was asked for.</summary>
    public required int RequestedBitWidth { get; init; }

    /// <summary>The width that was published (the requested one in layer scope; <see cref="LayersByBitWidth"/> tells the mix).</summary>
    public required int BitWidth { get; init; }

    /// <summary>What was gated: <c>weight</c> or <c>output</c>.</summary>
    public required string AccuracyMetric { get; init; }

    /// <summary>The threshold that was applied to the published width.</summary>
    public required double MinAccuracy { get; init; }

    /// <summary>The gated figure: the unweighted mean over quantized layers.</summary>
    public required double CosineSimilarity { get; init; }

    /// <summary>Mean cosine of original and decoded weights.</summary>
    public required double WeightCosineSimilarity { get; init; }

    /// <summary>Mean cosine of layer outputs on held-out samples, or null without them.</summary>
    public double? OutputCosineSimilarity { get; init; }

    /// <summary>The layer with the lowest gated figure.</summary>
    public required WorstLayer WorstLayer { get; init; }

    /// <summary>
    /// The sum of the layers' damage estimates: of outputs when every layer has one of outputs, else of the weights of every layer. Null
    /// when it is not finite.
    /// </summary>
    public double? DamageEstimate { get; init; }

    /// <summary>|W - W^|^2 / |W|^2 over all quantized weights.</summary>
    public required double Nmse { get; init; }

    /// <summary>-10 log10 of <see cref="Nmse"/>, null when it is 0.</summary>
    public double? SqnrDb { get; init; }

    /// <summary>Bytes of all source tensors over bytes of all Parquet shards.</summary>
    public required double CompressionRatio { get; init; }

    /// <summary>Bytes of all Parquet shards.</summary>
    public required long ModelSizeBytes { get; init; }

    /// <summary>Shard bytes without kept data, in bits, over quantized weights.</summary>
    public required double BitsPerWeight { get; init; }

    /// <summary>Seconds from call to publication.</summary>
    public required double QuantizationTimeS { get; init; }

    /// <summary>How many layers each width has, ascending.</summary>
    public required IReadOnlyDictionary<string, int> LayersByBitWidth { get; init; }

    /// <summary>Every attempt in order; the last one passed.</summary>
    public required IReadOnlyList<QuantizationAttempt> Attempts { get; init; }

    /// <summary>What was replaced and how often.</summary>
    public required FallbackReport Fallback { get; init; }

    /// <summary>Every quantized layer in plan order.</summary>
    public required IReadOnlyList<LayerReport> Layers { get; init; }

    /// <summary>Every tensor that was stored as it was, with the reason.</summary>
    public required IReadOnlyList<KeptReport> Kept { get; init; }

    /// <summary>Facts about the source that the user should know, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>The strategy that a modality has.</summary>
/// <param name="Method"><c>r2q</c>, <c>gptq</c> or, where an enhancement was switched off, what stands in its place.</param>
/// <param name="TimeAware">Whether time-aware calibration was part of it.</param>
/// <param name="Spatial">Whether channel equalization was part of it.</param>
public sealed record StrategyReport(string Method, bool TimeAware, bool Spatial);

/// <summary>The layer with the lowest gated figure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its figure.</param>
public sealed record WorstLayer(string Name, double Value);

/// <summary>Every fallback event, and the rates by key.</summary>
/// <param name="Events">In order of occurrence.</param>
/// <param name="Rates">Keys r2q, gptq, time_aware, spatial, int2_to_int4, int4_to_int8.</param>
public sealed record FallbackReport(IReadOnlyList<FallbackEvent> Events, IReadOnlyDictionary<string, FallbackRate> Rates);
