namespace ArrowQuant.Pipeline.Validation;

/// <summary>What a check of an artefact found.</summary>
public sealed record ValidationReport
{
    /// <summary>Whether nothing was found wrong.</summary>
    public required bool Passed { get; init; }

    /// <summary>Whether bytes, structure, hashes and every recomputed figure agree with what the artefact says.</summary>
    public required bool StructureOk { get; init; }

    /// <summary>Whether the recomputed accuracy reaches the threshold; null without an original.</summary>
    public bool? QualityOk { get; init; }

    /// <summary>The threshold, or null without an original.</summary>
    public double? MinAccuracy { get; init; }

    /// <summary>Where the threshold comes from: <c>--min-accuracy</c>, <c>report.json</c>.</summary>
    public required string MinAccuracyOrigin { get; init; }

    /// <summary>
    /// The recomputed accuracy, or null without an original: of outputs where the run was judged by them and calibration data is
    /// there, else of weights.
    /// </summary>
    public double? CosineSimilarity { get; init; }

    /// <summary>Layers that were decoded.</summary>
    public required int LayersChecked { get; init; }

    /// <summary>Everything that was found wrong, one line each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>
    /// Facts that are neither right nor wrong, one line each: kept biases that take up a shift, figures that were not recomputed.
    /// </summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The recomputed figures of every layer.</summary>
    public IReadOnlyList<ValidatedLayer> Layers { get; init; } = [];
}

/// <summary>The recomputed figures of one layer.</summary>
/// <param name="Name">The unique name.</param>
/// <param name="BitWidth">2, 4 or 8.</param>
/// <param name="CosineSimilarity">Recomputed from the decoded bytes, or null without an original.</param>
/// <param name="ReportedCosineSimilarity">What the artefact states, or null when it states none.</param>
/// <param name="NormRatio">|W^| / |W|, or null without an original.</param>
/// <param name="OutputCosineSimilarity">Recomputed on held-out calibration rows, or null without them.</param>
public sealed record ValidatedLayer(
    string Name,
    int BitWidth,
    double? CosineSimilarity,
    double? ReportedCosineSimilarity,
    double? NormRatio,
    double? OutputCosineSimilarity = null);
