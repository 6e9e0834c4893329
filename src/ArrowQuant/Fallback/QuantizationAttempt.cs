namespace ArrowQuant.Fallback;

/// <summary>One try at one bit width, as results and reports tell it.</summary>
public sealed record QuantizationAttempt
{
    /// <summary>The width that was tried: 2, 4 or 8.</summary>
    public required int BitWidth { get; init; }

    /// <summary>The threshold that the attempt was judged at.</summary>
    public required double MinAccuracy { get; init; }

    /// <summary>Mean accuracy over the measured layers; of an attempt that stopped early, over the finished prefix.</summary>
    public required double CosineSimilarity { get; init; }

    /// <summary>Whether every condition of the gate was met.</summary>
    public required bool Passed { get; init; }

    /// <summary>Layers that were measured; fewer than the model has when the attempt stopped early.</summary>
    public required int LayersMeasured { get; init; }

    /// <summary>The best mean that was still reachable when the attempt ended: equal to the mean when every layer was measured.</summary>
    public required double BestReachable { get; init; }

    /// <summary>Why the attempt failed, in words with numbers; null when it passed.</summary>
    public string? FailureReason { get; init; }

    /// <summary>Seconds that the attempt took.</summary>
    public required double DurationS { get; init; }
}
