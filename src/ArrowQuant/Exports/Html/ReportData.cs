using ArrowQuant.Configuration;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Html;

/// <summary>What a page is made of: the report, what metadata.json lists, and what the stored rows say of each layer.</summary>
internal sealed record ReportData
{
    /// <summary>report.json.</summary>
    public required QuantizationResult Result { get; init; }

    /// <summary>metadata.json.</summary>
    public required ArtefactMetadata Metadata { get; init; }

    /// <summary>The configuration that metadata.json holds, or null when it holds none.</summary>
    public required DiffusionQuantConfig? Config { get; init; }

    /// <summary>Every quantized layer, in the order of the report.</summary>
    public required IReadOnlyList<ReportedLayer> Layers { get; init; }

    /// <summary>Every kept tensor with its stored bytes, in the order of the report.</summary>
    public required IReadOnlyList<KeptTensor> Kept { get; init; }

    /// <summary>Whether layers were judged by outputs.</summary>
    public bool ByOutputs => Result.AccuracyMetric == "output";

    /// <summary>The colours of the gated figure.</summary>
    public HeatScale Scale => HeatScale.Of(ByOutputs);

    /// <summary>What the gated figure is of: <c>output cosine</c> or <c>weight cosine</c>.</summary>
    public string MetricName => ByOutputs ? "output cosine" : "weight cosine";
}

/// <summary>A quantized layer: what the report says, what the rows say, and where it is in the model.</summary>
/// <param name="Report">What the report says.</param>
/// <param name="Place">Its block and module type.</param>
/// <param name="Judged">The figure that the gate looked at.</param>
/// <param name="CodeBytes">Bytes that its packed codes take in the file.</param>
/// <param name="TimeRanges">First timestep and one past the last for each entry of its time_group_errors; empty where unknown.</param>
internal sealed record ReportedLayer(
    LayerReport Report, LayerPlace Place, double Judged, long CodeBytes, IReadOnlyList<(int First, int End)> TimeRanges)
{
    /// <summary>Weights of the layer.</summary>
    public long Weights => Report.Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>A tensor that was stored as it was.</summary>
/// <param name="Report">What the report says.</param>
/// <param name="Bytes">Bytes that its values take in the file.</param>
internal sealed record KeptTensor(KeptReport Report, long Bytes);
