namespace ArrowQuant.Storage;

/// <summary>One row of a shard as its columns hold it, before it is understood (reading) or after it was spelled out (writing).</summary>
internal sealed class StoredRow
{
    public string LayerName { get; set; } = "";

    public long[] Shape { get; set; } = [];

    public string Dtype { get; set; } = "";

    public ReadOnlyMemory<byte> Data { get; set; }

    public long NumParams { get; set; }

    public string QuantType { get; set; } = "";

    public float[] Scales { get; set; } = [];

    public float[] ZeroPoints { get; set; } = [];

    public float[]? Levels { get; set; }

    public string Layout { get; set; } = "";

    public long? QuantAxis { get; set; }

    public long? GroupSize { get; set; }

    public long RowAxis { get; set; }

    public bool IsDiffusionModel { get; set; }

    public string? Modality { get; set; }

    public string? TimeAwareJson { get; set; }

    public string? SpatialJson { get; set; }

    public string? ActivationStatsJson { get; set; }

    public int BitWidth { get; set; }

    public string Method { get; set; } = "";

    public string Enhancement { get; set; } = "";

    public string Transform { get; set; } = "";

    public string Correction { get; set; } = "";

    public long RowStart { get; set; }

    public long RowCount { get; set; }

    public double? CosineSimilarity { get; set; }

    public double? Nmse { get; set; }

    public string SourceXxh128 { get; set; } = "";
}
