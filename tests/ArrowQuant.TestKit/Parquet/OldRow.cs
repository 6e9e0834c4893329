namespace ArrowQuant.TestKit.Parquet;

/// <summary>One row of an older layout, as it stands in the file; every field can be made to lie.</summary>
public sealed record OldRow
{
    /// <summary><c>layer_name</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>shape</c>; a null is a null list element.</summary>
    public required IReadOnlyList<long?> Shape { get; init; }

    /// <summary><c>dtype</c>.</summary>
    public string DType { get; init; } = "float32";

    /// <summary><c>data</c>.</summary>
    public required byte[] Data { get; init; }

    /// <summary><c>num_params</c>.</summary>
    public required long Count { get; init; }

    /// <summary><c>quant_type</c>.</summary>
    public string QuantType { get; init; } = "none";

    /// <summary><c>scales</c>.</summary>
    public float[] Scales { get; init; } = [];

    /// <summary><c>zero_points</c>.</summary>
    public float[] ZeroPoints { get; init; } = [];

    /// <summary><c>quant_axis</c>.</summary>
    public long? QuantAxis { get; init; }

    /// <summary><c>group_size</c>.</summary>
    public long? GroupSize { get; init; }

    /// <summary><c>is_diffusion_model</c>.</summary>
    public bool IsDiffusionModel { get; init; } = true;

    /// <summary><c>modality</c>.</summary>
    public string? Modality { get; init; }

    /// <summary><c>time_aware_quant_json</c>; the column exists only when it is set.</summary>
    public string? TimeAwareJson { get; init; }

    /// <summary><c>spatial_quant_json</c>; the column exists only when it is set.</summary>
    public string? SpatialJson { get; init; }

    /// <summary><c>activation_stats_json</c>; the column exists only when it is set.</summary>
    public string? StatsJson { get; init; }
}
