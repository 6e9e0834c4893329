using System.Text.Json;
using System.Text.Json.Serialization;
using ArrowQuant.Configuration;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>The JSON form of a configuration in artefacts: snake_case names and values.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    Converters =
    [
        typeof(SnakeCaseConverter<Modality>),
        typeof(SnakeCaseConverter<Recipe>),
        typeof(SnakeCaseConverter<TimePartition>),
        typeof(SnakeCaseConverter<DeploymentProfile>),
        typeof(SnakeCaseConverter<FallbackScope>),
        typeof(SnakeCaseConverter<AccuracyMetric>),
        typeof(SnakeCaseConverter<Compression>),
        typeof(SnakeCaseConverter<LayoutChoice>),
        typeof(SnakeCaseConverter<RotationChoice>),
    ])]
[JsonSerializable(typeof(DiffusionQuantConfig))]
internal sealed partial class ConfigurationJsonContext : JsonSerializerContext;

/// <summary>Writes enumeration values as the configuration names them.</summary>
internal sealed class SnakeCaseConverter<TEnum>()
    : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
