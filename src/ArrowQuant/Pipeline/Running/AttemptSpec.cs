namespace ArrowQuant.Pipeline.Running;

/// <summary>What one pass over the model is to do.</summary>
internal sealed record AttemptSpec
{
    /// <summary>Number of the attempt, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The width that the attempt is named after.</summary>
    public required int BitWidth { get; init; }

    /// <summary>Width of every tensor of the plan; null where it is kept.</summary>
    public required IReadOnlyList<int?> Widths { get; init; }

    /// <summary>The tensors that are worked on; null for all.</summary>
    public IReadOnlySet<int>? Only { get; init; }

    /// <summary>Where shards are written, or null to measure only.</summary>
    public string? OutputFolder { get; init; }

    /// <summary>Called for each finished layer, in plan order without gaps; false stops the pass. Null never stops.</summary>
    public Func<LayerOutcome, bool>? Observe { get; init; }
}
