namespace ArrowQuant.Reporting;

/// <summary>Where a run stands. Reported from worker threads, in order, at most a few times per layer.</summary>
public sealed record QuantizationProgress
{
    /// <summary>The width of the running attempt.</summary>
    public required int BitWidth { get; init; }

    /// <summary>Which attempt this is, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>Tensors (quantized and kept) that are finished in this attempt.</summary>
    public required int LayersDone { get; init; }

    /// <summary>Tensors of the attempt.</summary>
    public required int LayersTotal { get; init; }

    /// <summary>Source bytes that are finished in this attempt.</summary>
    public required long BytesDone { get; init; }

    /// <summary>Source bytes of the attempt.</summary>
    public required long BytesTotal { get; init; }

    /// <summary>Time since the attempt began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The layer that was finished last, or null.</summary>
    public string? CurrentLayer { get; init; }
}
