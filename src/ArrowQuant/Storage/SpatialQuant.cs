using System.Text.Json;
using System.Text.Json.Serialization;

namespace ArrowQuant.Storage;

/// <summary>The document in <c>spatial_quant_json</c>: whether input channels were equalized, and what undoes it.</summary>
internal sealed record SpatialQuant
{
    /// <summary>True when the spatial enhancement ran.</summary>
    public required bool Enabled { get; init; }

    /// <summary>True when decoded weights must be multiplied with <see cref="EqualizationScales"/>.</summary>
    public required bool ChannelEqualization { get; init; }

    /// <summary>The exponent that balanced activations against weights, or null without equalization.</summary>
    public double? Alpha { get; init; }

    /// <summary>One factor per input channel; empty without equalization.</summary>
    public float[] EqualizationScales { get; init; } = [];

    /// <summary>The document as one line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SpatialQuantJson.Default.SpatialQuant);

    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is not such a document.</exception>
    public static SpatialQuant Parse(string json)
    {
        SpatialQuant spatial = JsonSerializer.Deserialize(json, SpatialQuantJson.Default.SpatialQuant)
            ?? throw new JsonException("the document is null");
        return spatial.EqualizationScales is null ? throw new JsonException("equalization_scales is null") : spatial;
    }
}

/// <summary>Source-generated JSON of <see cref="SpatialQuant"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SpatialQuant))]
internal sealed partial class SpatialQuantJson : JsonSerializerContext;
