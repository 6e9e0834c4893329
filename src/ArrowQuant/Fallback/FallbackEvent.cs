namespace ArrowQuant.Fallback;

/// <summary>Something that was replaced because it failed.</summary>
public sealed record FallbackEvent
{
    /// <summary>The layer it happened to, or null for the whole model.</summary>
    public string? Layer { get; init; }

    /// <summary><c>bit_width</c>, <c>method</c> or <c>enhancement</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>What failed: <c>time_aware</c>, <c>spatial</c>, <c>gptq</c>, <c>int2</c>, <c>int4</c>.</summary>
    public required string From { get; init; }

    /// <summary>What took its place: <c>base</c>, <c>per_channel</c>, <c>int4</c>, <c>int8</c>.</summary>
    public required string To { get; init; }

    /// <summary>
    /// A short stable word for the cause: <c>no_calibration_data</c>, <c>wrong_channel_count</c>, <c>below_threshold</c>, ...
    /// </summary>
    public required string Cause { get; init; }

    /// <summary>The original error in full.</summary>
    public required string Message { get; init; }

    /// <summary>The width of the attempt in which it happened.</summary>
    public required int BitWidth { get; init; }
}
