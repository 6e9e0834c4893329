using System.Globalization;
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
    /// <param name="groups">The groups.</param>
    /// <param name="isShort">Whether numbers are cut to 5 significant digits: in a small model their rest is hundredths of a bit.</param>
    public static ActivationStats Of(IReadOnlyList<TimeGroup> groups, bool isShort = false) => new()
    {
        Mean = [.. groups.Select(group => Number(group.Mean, isShort))],
        Std = [.. groups.Select(group => Number(group.Std, isShort))],
        Min = [.. groups.Select(group => (float)Number(group.Min, isShort))],
        Max = [.. groups.Select(group => (float)Number(group.Max, isShort))],
    };

    /// <summary>The document as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CalibrationJson.Default.ActivationStats);

    private static double Number(double value, bool isShort) =>
        isShort ? double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;

    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static ActivationStats Parse(string json) =>
        JsonSerializer.Deserialize(json, CalibrationJson.Default.ActivationStats)
            is { Mean: not null, Std: not null, Min: not null, Max: not null } document
            ? document
            : throw new JsonException("the document lacks mean, std, min or max");
}
