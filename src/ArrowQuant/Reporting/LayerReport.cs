namespace ArrowQuant.Reporting;

/// <summary>What was done to one layer and how well it decodes.</summary>
public sealed record LayerReport
{
    /// <summary>The unique name: <c>component/name</c> in a diffusers folder.</summary>
    public required string Name { get; init; }

    /// <summary>The source's shape.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The source's element type.</summary>
    public required string SourceDtype { get; init; }

    /// <summary>The method that was really used: <c>r2q</c>, <c>gptq</c>, <c>base</c>, <c>per_channel</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The enhancement that was really used: <c>time_aware</c>, <c>spatial</c>, <c>none</c>.</summary>
    public required string Enhancement { get; init; }

    /// <summary>Whether input channels were scaled; null where spatial was not used.</summary>
    public bool? ChannelEqualization { get; init; }

    /// <summary><c>affine</c>, <c>lattice2</c> or <c>lattice3</c>.</summary>
    public required string Layout { get; init; }

    /// <summary>2, 4 or 8.</summary>
    public required int BitWidth { get; init; }

    /// <summary>
    /// Why the layer has a width of its own: <c>pinned</c> by <c>layer_bit_widths</c>, or an <c>edge</c> layer of <c>edge_layers</c>;
    /// null where it has the width of the attempt or, in layer scope, the one that it needs.
    /// </summary>
    public string? WidthReason { get; init; }

    /// <summary>Weights per group, or null for one grid per row.</summary>
    public int? GroupSize { get; init; }

    /// <summary>Cosine of original and decoded weights.</summary>
    public required double CosineSimilarity { get; init; }

    /// <summary>Cosine of layer outputs on held-out samples, or null.</summary>
    public double? OutputCosineSimilarity { get; init; }

    /// <summary>
    /// c_H: cosine of original and decoded weights under the Hessian of held-out samples, balanced over time groups; or null.
    /// </summary>
    public double? OutputHessianCosine { get; init; }

    /// <summary>Relative output error on held-out samples, or null.</summary>
    public double? OutputError { get; init; }

    /// <summary>
    /// What the layer costs end to end, as far as it can be told from the layer alone: of its outputs on held-out samples
    /// <c>noise + 3 bias^2</c> over their energy, without them <c>1 / c^2 - 1 + 10 (1 - gain)^2</c> of its weights. Null when that is not
    /// finite.
    /// </summary>
    public double? DamageEstimate { get; init; }

    /// <summary>Relative output error per time group, empty without time groups.</summary>
    public IReadOnlyList<double> TimeGroupErrors { get; init; } = [];

    /// <summary>|W - W^|^2 / |W|^2.</summary>
    public required double Nmse { get; init; }

    /// <summary>-10 log10 of <see cref="Nmse"/>, null when it is 0.</summary>
    public double? SqnrDb { get; init; }

    /// <summary>&lt;W, W^&gt; / &lt;W, W&gt;: 1 is unbiased.</summary>
    public required double Gain { get; init; }

    /// <summary>|W^| / |W|.</summary>
    public required double NormRatio { get; init; }

    /// <summary>Largest absolute difference of a weight.</summary>
    public required double MaxAbsError { get; init; }

    /// <summary>Stored bits per weight before compression: codes, scales, zero points, levels, equalization scales.</summary>
    public required double Bpw { get; init; }

    /// <summary>Stored bytes before compression.</summary>
    public required long Bytes { get; init; }

    /// <summary>XXH128 of the source bytes, lower-case hexadecimal.</summary>
    public required string SourceXxh128 { get; init; }
}

/// <summary>A tensor that was stored as it was.</summary>
/// <param name="Name">The unique name.</param>
/// <param name="Shape">The source's shape.</param>
/// <param name="Dtype">The source's element type.</param>
/// <param name="Reason"><c>vector</c>, <c>narrow</c>, <c>not_float</c>, <c>sensitive</c>, <c>excluded</c>, <c>no_smaller</c>,
/// <c>pinned</c>.</param>
public sealed record KeptReport(string Name, IReadOnlyList<long> Shape, string Dtype, string Reason);
