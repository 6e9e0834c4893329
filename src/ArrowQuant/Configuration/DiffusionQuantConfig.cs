using System.Text.Json.Serialization;

namespace ArrowQuant.Configuration;

/// <summary>
/// Everything that decides what a quantization run does. Immutable; change it with <c>with</c>. YAML and environment use the snake_case
/// form of each name. Values are checked by <see cref="ConfigurationValidator"/> before any work.
/// </summary>
public sealed record DiffusionQuantConfig
{
    /// <summary>Requested bits per weight: 2, 4 or 8.</summary>
    public int BitWidth { get; init; } = 4;

    /// <summary>What the model makes; null detects it from the model's metadata.</summary>
    public Modality? Modality { get; init; }

    /// <summary>What decides how layers are quantized where no single setting says it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Recipe Recipe { get; init; }

    /// <summary>
    /// The largest share of the quantizable weights, above 0 and at most 1, that a layer may hold to be an edge layer: one that is stored
    /// at INT8 when the others are at INT2 or INT4. 0 is off; null leaves it to <see cref="Recipe"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? EdgeLayers { get; init; }

    /// <summary>Contiguous groups of denoising timesteps, 1..100; fewer distinct timesteps give fewer groups.</summary>
    public int NumTimeGroups { get; init; } = 10;

    /// <summary>How timesteps are cut into groups.</summary>
    public TimePartition TimePartition { get; init; }

    /// <summary>Weights per group along the row: 32, 64, 128 or 256.</summary>
    public int GroupSize { get; init; } = 128;

    /// <summary>Whether text and code models use time-aware calibration.</summary>
    public bool EnableTimeAware { get; init; } = true;

    /// <summary>Whether image and audio models use channel equalization.</summary>
    public bool EnableSpatial { get; init; } = true;

    /// <summary>Cosine similarity that the requested width must reach, 0..1.</summary>
    public double MinAccuracy { get; init; } = 0.85;

    /// <summary>Rows per layer and time group that are used at most, 1..65536.</summary>
    public int CalibrationSamples { get; init; } = 128;

    /// <summary>The profile that the values came from; a label.</summary>
    public DeploymentProfile DeploymentProfile { get; init; } = DeploymentProfile.Local;

    /// <summary>Whether a width that fails ends the run at once.</summary>
    public bool FailFast { get; init; }

    /// <summary>Whether the whole model or each layer climbs to a larger width.</summary>
    public FallbackScope FallbackScope { get; init; }

    /// <summary>Whether <see cref="MinAccuracy"/> holds at every width instead of 0.85 at INT4 and 0.95 at INT8.</summary>
    public bool KeepMinAccuracy { get; init; }

    /// <summary>Which cosine similarity is compared with the threshold.</summary>
    public AccuracyMetric AccuracyMetric { get; init; }

    /// <summary>Floor that every single layer must reach as well, 0..1; 0 is off.</summary>
    public double MinLayerAccuracy { get; init; }

    /// <summary>Whether the worst time group is minimised instead of the mean.</summary>
    public bool MinimaxTimeWeighting { get; init; }

    /// <summary>Columns per Hessian block: 0 (full up to 8192 columns, else 4096) or 256..16384.</summary>
    public int HessianBlock { get; init; }

    /// <summary>What codes may stand for at 2 bits. Documents leave it out while it is the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public LayoutChoice Layout { get; init; }

    /// <summary>Whether groups are rotated before they are quantized. Documents leave it out while it is the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public RotationChoice Rotation { get; init; }

    /// <summary>What the signs of a rotation follow from, 0..2147483647. Documents leave it out while it is the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int RotationSeed { get; init; }

    /// <summary>Whether embeddings, norms, heads and other sensitive layers are kept.</summary>
    public bool SkipSensitiveLayers { get; init; } = true;

    /// <summary>More layers to keep, by exact name.</summary>
    public IReadOnlyList<string> SensitiveLayerNames { get; init; } = [];

    /// <summary>More layers to keep, by regular expression on the name.</summary>
    public IReadOnlyList<string> SensitiveLayerPatterns { get; init; } = [];

    /// <summary>Regular expressions of sensitive layers that are quantized all the same (<c>--include</c>).</summary>
    public IReadOnlyList<string> IncludeLayers { get; init; } = [];

    /// <summary>Regular expressions of layers that are kept whatever else says (<c>--exclude</c>).</summary>
    public IReadOnlyList<string> ExcludeLayers { get; init; } = [];

    /// <summary>
    /// Width of single layers in every attempt, in the order given: exact name, else the first regular expression that matches the whole
    /// name; 2, 4, 8, or 16 to keep the layer.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, int>> LayerBitWidths { get; init; } = [];

    /// <summary>Codec of the <c>data</c> column.</summary>
    public Compression Compression { get; init; }

    /// <summary>Worker threads, 0..1024; 0 uses every processor. Never changes a byte of the result.</summary>
    public int NumThreads { get; init; }

    /// <summary>Bound on buffers in MiB; 0 is three quarters of the memory that is available.</summary>
    public long MaxMemoryMb { get; init; }

    /// <summary>Whether blocks stream through bounded buffers; false allows the whole model in memory.</summary>
    public bool EnableStreaming { get; init; } = true;

    /// <summary>The values of a profile; change them with <c>with</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="profile"/> is not a profile.</exception>
    public static DiffusionQuantConfig FromProfile(DeploymentProfile profile) => profile switch
    {
        DeploymentProfile.Edge => new()
        {
            DeploymentProfile = profile,
            BitWidth = 2,
            NumTimeGroups = 5,
            GroupSize = 256,
            EnableSpatial = false,
            MinAccuracy = 0.65,
            CalibrationSamples = 32,
        },
        DeploymentProfile.Local => new(),
        DeploymentProfile.Cloud => new()
        {
            DeploymentProfile = profile,
            BitWidth = 8,
            NumTimeGroups = 20,
            GroupSize = 64,
            MinAccuracy = 0.95,
            CalibrationSamples = 512,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(profile), profile, "edge, local or cloud is expected"),
    };

    /// <summary>Whether every setting has the same value; lists are compared item by item.</summary>
    public bool Equals(DiffusionQuantConfig? other) =>
        other is not null && (ReferenceEquals(this, other) || ConfigurationSettings.All.All(setting => setting.HasSameValue(this, other)));

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (ConfigurationSetting setting in ConfigurationSettings.All) hash.Add(setting.Format(this), StringComparer.Ordinal);
        return hash.ToHashCode();
    }
}
