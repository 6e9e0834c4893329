using ArrowQuant.Fallback;

namespace ArrowQuant.Pipeline.Running;

/// <summary>What the ladder of widths ended with: the pass that is published, and how it came to it.</summary>
internal sealed record LadderResult
{
    /// <summary>The pass that wrote the shards.</summary>
    public required AttemptResult Final { get; init; }

    /// <summary>The width of the result: the published one, or the requested one in layer scope.</summary>
    public required int BitWidth { get; init; }

    /// <summary>The threshold that was applied to it.</summary>
    public required double Threshold { get; init; }

    /// <summary>Width of every tensor; null where it is kept.</summary>
    public required IReadOnlyList<int?> Widths { get; init; }

    /// <summary>Every attempt in order.</summary>
    public required IReadOnlyList<QuantizationAttempt> Attempts { get; init; }
}
