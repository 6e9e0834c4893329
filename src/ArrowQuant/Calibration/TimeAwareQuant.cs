using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowQuant.Calibration;

/// <summary>The document in <c>time_aware_quant_json</c>: the time groups of a layer and what quantization did in each.</summary>
internal sealed record TimeAwareQuant
{
    /// <summary>True when the time-aware enhancement ran.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Number of groups; may be fewer than were asked for.</summary>
    public required int NumTimeGroups { get; init; }

    /// <summary>One entry for each group, in ascending order of timesteps.</summary>
    public required TimeGroupParams[] TimeGroupParams { get; init; }

    /// <summary>Makes the document from a layer's groups.</summary>
    /// <param name="enabled">Whether the enhancement ran.</param>
    /// <param name="groups">The groups.</param>
    /// <param name="weights">Each group's weight in the objective.</param>
    /// <param name="outputErrors">Each group's relative output error, null where it was not measured; null for none at all.</param>
    public static TimeAwareQuant Of(
        bool enabled, IReadOnlyList<TimeGroup> groups, IReadOnlyList<double> weights, IReadOnlyList<double?>? outputErrors) => new()
        {
            Enabled = enabled,
            NumTimeGroups = groups.Count,
            TimeGroupParams = [.. groups.Select((group, g) => new TimeGroupParams
        {
            TimeRange = [group.Start, group.End],
            Scale = group.Scale,
            ZeroPoint = group.ZeroPoint,
            Weight = weights[g],
            OutputError = outputErrors?[g],
        })],
        };

    /// <summary>The document as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CalibrationJson.Default.TimeAwareQuant);

    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static TimeAwareQuant Parse(string json) =>
        JsonSerializer.Deserialize(json, CalibrationJson.Default.TimeAwareQuant) is { TimeGroupParams: not null } document
            ? document
            : throw new JsonException("the document has no time_group_params");
}

/// <summary>One time group in <c>time_aware_quant_json</c>.</summary>
internal sealed record TimeGroupParams
{
    /// <summary>First timestep, and one past the last.</summary>
    public required int[] TimeRange { get; init; }

    /// <summary>Scale of 8-bit activations.</summary>
    public required float Scale { get; init; }

    /// <summary>Zero point of 8-bit activations, 0..255.</summary>
    public required float ZeroPoint { get; init; }

    /// <summary>The group's weight in the objective; the weights of a layer sum to 1.</summary>
    public required double Weight { get; init; }

    /// <summary>Relative error of the layer's output on held-out rows of the group, or null where it was not measured.</summary>
    public double? OutputError { get; init; }
}

/// <summary>Source-generated JSON of the calibration columns.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TimeAwareQuant))]
[JsonSerializable(typeof(ActivationStats))]
internal sealed partial class CalibrationJson : JsonSerializerContext;
