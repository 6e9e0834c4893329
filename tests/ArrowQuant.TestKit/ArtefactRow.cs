namespace ArrowQuant.TestKit;

/// <summary>One row of an artefact as DuckDB reads it: the columns that decoding and assertions need, in the order of the file.</summary>
public sealed record ArtefactRow
{
    /// <summary>The tensor's name; in an artefact of several components <c>component/tensor</c>.</summary>
    public required string LayerName { get; init; }

    /// <summary>The source's dimensions.</summary>
    public required long[] Shape { get; init; }

    /// <summary>The source's element type: float32, float16, ...</summary>
    public required string Dtype { get; init; }

    /// <summary>Packed codes, or raw values of a kept tensor.</summary>
    public required byte[] Data { get; init; }

    /// <summary>none, int2, int4, int8.</summary>
    public required string QuantType { get; init; }

    /// <summary>affine, lattice2, lattice3, none.</summary>
    public required string Layout { get; init; }

    /// <summary>Affine: one per group.</summary>
    public required float[] Scales { get; init; }

    /// <summary>Affine: one per group, in code units.</summary>
    public required float[] ZeroPoints { get; init; }

    /// <summary>Lattices: a1, a2 or mu, a1, a2 per group; empty where the column is null.</summary>
    public required float[] Levels { get; init; }

    /// <summary>Weights per group along the row; null for one grid per row.</summary>
    public required long? GroupSize { get; init; }

    /// <summary>0 for one grid per row; null for groups.</summary>
    public required long? QuantAxis { get; init; }

    /// <summary>The source dimension that is the row: 0 or 1.</summary>
    public required int RowAxis { get; init; }

    /// <summary>The first matrix row of this block.</summary>
    public required long RowStart { get; init; }

    /// <summary>Matrix rows in this block.</summary>
    public required long RowCount { get; init; }

    /// <summary>One factor per input channel, or empty: the <c>equalization_scales</c> of the row's spatial_quant_json.</summary>
    public required float[] EqualizationScales { get; init; }

    /// <summary>The method that was really used.</summary>
    public required string Method { get; init; }

    /// <summary>The enhancement that was really used.</summary>
    public required string Enhancement { get; init; }

    /// <summary>What must be undone after decoding; none today.</summary>
    public required string Transform { get; init; }

    /// <summary>The model's modality, or null.</summary>
    public required string? Modality { get; init; }

    /// <summary>The layer's cosine similarity as the artefact states it, or null.</summary>
    public required double? CosineSimilarity { get; init; }

    /// <summary>The layer's normalized squared error as the artefact states it, or null.</summary>
    public required double? Nmse { get; init; }

    /// <summary>What was added to a kept tensor: <c>bias</c> or none.</summary>
    public string Correction { get; init; } = "none";
}
