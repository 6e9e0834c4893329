using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>One row of a model file, all but its <c>data</c>.</summary>
internal sealed record ModelRow
{
    /// <summary>Where the row's data lie.</summary>
    public required RowAddress Address { get; init; }

    /// <summary>The layout of the file.</summary>
    public required ParquetLayout Layout { get; init; }

    /// <summary><c>layer_name</c>.</summary>
    public required string Name { get; init; }

    /// <summary><c>shape</c>; agrees with <c>num_params</c>.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary><c>dtype</c> as written.</summary>
    public required string DType { get; init; }

    /// <summary><c>quant_type</c>; empty in V1.</summary>
    public string QuantType { get; init; } = "";

    /// <summary><c>scales</c>.</summary>
    public float[] Scales { get; init; } = [];

    /// <summary><c>zero_points</c>, as many as scales.</summary>
    public float[] ZeroPoints { get; init; } = [];

    /// <summary><c>quant_axis</c>, or null.</summary>
    public long? QuantAxis { get; init; }

    /// <summary><c>group_size</c>, or null; elements (Python) or rows (Rust).</summary>
    public long? GroupSize { get; init; }

    /// <summary><c>is_diffusion_model</c>.</summary>
    public bool IsDiffusionModel { get; init; }

    /// <summary><c>modality</c>, or null.</summary>
    public string? Modality { get; init; }

    /// <summary><c>time_aware_quant_json</c>, or null.</summary>
    public string? TimeAwareJson { get; init; }

    /// <summary>Uncompressed size of the row group's <c>data</c> column, page headers included, as the footer tells it.</summary>
    public required long DataChunkBytes { get; init; }
}

/// <summary>Where a row lies.</summary>
/// <param name="FilePath">The file.</param>
/// <param name="RowGroup">The row group, from 0.</param>
/// <param name="Row">The row in its group, from 0.</param>
internal readonly record struct RowAddress(string FilePath, int RowGroup, long Row);
