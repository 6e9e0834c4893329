using System.Text.Json;

namespace ArrowQuant.Calibration;

/// <summary>The document in <c>activation_stats_json</c>: a layer's input in each time group, in ascending order.</summary>
internal sealed record ActivationStats
{
    /// <summary>Means of the input values.</summary>
    public required double[] Mean { get; init; }

    /// <summary>Standard deviations of the input values.</summary>
    public required double[] Std { get; init; }

    /// <summary>Smallest input values.</summary>
    public required float[] Min { get; init; }

    /// <summary>Largest input values.</summary>
    public required float[] Max { get; init; }

    /// <summary>Makes the document from a layer's groups.</summary>
    public static ActivationStats Of(IReadOnlyList<TimeGroup> groups) => new()
    {
        Mean = [.. groups.Select(group => group.Mean)],
        Std = [.. groups.Select(group => group.Std)],
        Min = [.. groups.Select(group => group.Min)],
        Max = [.. groups.Select(group => group.Max)],
    };

    /// <summary>The document as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CalibrationJson.Default.ActivationStats);

    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static ActivationStats Parse(string json) =>
        JsonSerializer.Deserialize(json, CalibrationJson.Default.ActivationStats)
            is { Mean: not null, Std: not null, Min: not null, Max: not null } document
            ? document
            : throw new JsonException("the document lacks mean, std, min or max");
}
