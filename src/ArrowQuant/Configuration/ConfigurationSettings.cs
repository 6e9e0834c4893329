namespace ArrowQuant.Configuration;

/// <summary>
/// The table of every setting. Validation, profiles, YAML, environment and command line read it, so that a setting is described once.
/// </summary>
public static class ConfigurationSettings
{
    /// <summary>The label of the profile that gave values.</summary>
    public static ConfigurationSetting DeploymentProfile { get; } = Word(
        "deployment_profile", "Named set of values that is applied first", ScalarForms.Word<DeploymentProfile>(),
        c => c.DeploymentProfile, (c, v) => c with { DeploymentProfile = v });

    /// <summary>Every setting, in the order of documents.</summary>
    public static IReadOnlyList<ConfigurationSetting> All { get; } =
    [
        Choice("bit_width", "Requested bits per weight", [2, 4, 8], c => c.BitWidth, (c, v) => c with { BitWidth = v }),
        new ScalarSetting<Modality?>(
            "modality", SettingKind.Word, "What the model makes; none detects it from the model's metadata", "none, " + Words<Modality>(),
            ScalarForms.WordOrNone<Modality>(), v => v is null || Enum.IsDefined(v.Value),
            c => c.Modality, (c, v) => c with { Modality = v }),
        Word("recipe", "What decides where no single setting does: the modality's strategy, or best for the most quality at a width",
            ScalarForms.Word<Recipe>(), c => c.Recipe, (c, v) => c with { Recipe = v }),
        new ScalarSetting<double?>(
            "edge_layers", SettingKind.Word,
            "Layers with at most this share of the quantizable weights are stored at INT8; recipe is off, and 1% with recipe best",
            "recipe, off, above 0% to 100%", ShareForm.PercentOrRecipe, v => v is null or 0 or (>= ShareForm.Least and <= 1),
            c => c.EdgeLayers, (c, v) => c with { EdgeLayers = v }),
        Range("num_time_groups", "Contiguous groups of denoising timesteps; fewer distinct timesteps give fewer groups", 1, 100,
            c => c.NumTimeGroups, (c, v) => c with { NumTimeGroups = v }),
        Word("time_partition", "How timesteps are cut into groups", ScalarForms.Word<TimePartition>(),
            c => c.TimePartition, (c, v) => c with { TimePartition = v }),
        Choice("group_size", "Weights along a row that share scale and zero point", [32, 64, 128, 256],
            c => c.GroupSize, (c, v) => c with { GroupSize = v }),
        Switch("enable_time_aware", "Time-aware calibration of text and code models",
            c => c.EnableTimeAware, (c, v) => c with { EnableTimeAware = v }),
        Switch("enable_spatial", "Channel equalization of image and audio models",
            c => c.EnableSpatial, (c, v) => c with { EnableSpatial = v }),
        Fraction("min_accuracy", "Accuracy (mean cosine similarity) that the requested width must reach",
            c => c.MinAccuracy, (c, v) => c with { MinAccuracy = v }),
        Range("calibration_samples", "Rows per layer and time group that are used at most", 1, 65536,
            c => c.CalibrationSamples, (c, v) => c with { CalibrationSamples = v }),
        DeploymentProfile,
        Switch("fail_fast", "End the run when the requested width fails; no fallback to another width",
            c => c.FailFast, (c, v) => c with { FailFast = v }),
        Word("fallback_scope", "What climbs to a larger width when quality is not reached", ScalarForms.Word<FallbackScope>(),
            c => c.FallbackScope, (c, v) => c with { FallbackScope = v }),
        Switch("keep_min_accuracy", "Keep min_accuracy at every width instead of 0.85 at INT4 and 0.95 at INT8",
            c => c.KeepMinAccuracy, (c, v) => c with { KeepMinAccuracy = v }),
        Word("accuracy_metric", "What is compared with the threshold; auto is output if every quantized layer has samples, else weight",
            ScalarForms.Word<AccuracyMetric>(), c => c.AccuracyMetric, (c, v) => c with { AccuracyMetric = v }),
        Fraction("min_layer_accuracy", "Accuracy that every single layer must reach as well; 0 is off",
            c => c.MinLayerAccuracy, (c, v) => c with { MinLayerAccuracy = v }),
        Switch("minimax_time_weighting", "Minimise the worst time group instead of the mean",
            c => c.MinimaxTimeWeighting, (c, v) => c with { MinimaxTimeWeighting = v }),
        new ScalarSetting<int>(
            "hessian_block", SettingKind.Whole, "Columns per Hessian block; 0 is full up to 8192 columns, else 4096", "0, 256..16384",
            ScalarForms.Integer, v => v is 0 or (>= 256 and <= 16384), c => c.HessianBlock, (c, v) => c with { HessianBlock = v }),
        Word("layout", "What codes may stand for at 2 bits; recipe is method, and trellis6 with recipe best; method is the grids of the layer's method, auto the least error of all",
            ScalarForms.Word<LayoutChoice>(), c => c.Layout, (c, v) => c with { Layout = v }),
        Word("rotation", "Rotate groups by a Hadamard matrix before they are quantized; auto does where it lowers the error; recipe is none, and with recipe best hadamard at 2 bits and auto at 4",
            ScalarForms.Word<RotationChoice>(), c => c.Rotation, (c, v) => c with { Rotation = v }),
        Range("rotation_seed", "What the signs of the rotation follow from", 0, int.MaxValue,
            c => c.RotationSeed, (c, v) => c with { RotationSeed = v }),
        Switch("skip_sensitive_layers", "Keep embeddings, norms, heads and other sensitive layers as they are",
            c => c.SkipSensitiveLayers, (c, v) => c with { SkipSensitiveLayers = v }),
        new TextListSetting(
            "sensitive_layer_names", "More layers to keep, by exact name", "exact names", areExpressions: false,
            c => c.SensitiveLayerNames, (c, v) => c with { SensitiveLayerNames = v }),
        Expressions("sensitive_layer_patterns", "More layers to keep, by regular expression",
            c => c.SensitiveLayerPatterns, (c, v) => c with { SensitiveLayerPatterns = v }),
        new WidthMapSetting(
            "layer_bit_widths", "Width of single layers in every attempt: exact name, else first regular expression that matches all of it",
            "name or regular expression with 2, 4, 8, or 16 to keep the layer",
            c => c.LayerBitWidths, (c, v) => c with { LayerBitWidths = v }),
        Word("compression", "Codec of the packed codes", ScalarForms.Word<Compression>(),
            c => c.Compression, (c, v) => c with { Compression = v }),
        Range("num_threads", "Worker threads; 0 is all processors; never changes a byte of the result", 0, 1024,
            c => c.NumThreads, (c, v) => c with { NumThreads = v }),
        new ScalarSetting<long>(
            "max_memory_mb", SettingKind.Memory, "Bound on buffers in MiB, or with a unit; 0 is three quarters of what is available",
            $"0..{MemorySize.LargestMebibytes}, or an amount such as 512MiB, 4GiB", ScalarForms.Mebibytes,
            v => v is >= 0 and <= MemorySize.LargestMebibytes, c => c.MaxMemoryMb, (c, v) => c with { MaxMemoryMb = v }),
        Switch("enable_streaming", "Stream blocks through bounded buffers; false allows the whole model in memory",
            c => c.EnableStreaming, (c, v) => c with { EnableStreaming = v }),
        Expressions("include_layers", "Sensitive layers that are quantized all the same",
            c => c.IncludeLayers, (c, v) => c with { IncludeLayers = v }),
        Expressions("exclude_layers", "Layers that are kept whatever else says",
            c => c.ExcludeLayers, (c, v) => c with { ExcludeLayers = v }),
    ];

    /// <summary>The setting of that name, or null.</summary>
    public static ConfigurationSetting? Find(string name) => All.FirstOrDefault(setting => setting.Name == name);

    private static string Words<TEnum>()
        where TEnum : struct, Enum => string.Join(", ", Enum.GetNames<TEnum>()).ToLowerInvariant();

    private static ScalarSetting<int> Choice(
        string name, string meaning, int[] allowed, Func<DiffusionQuantConfig, int> get,
        Func<DiffusionQuantConfig, int, DiffusionQuantConfig> set) =>
        new(name, SettingKind.Whole, meaning, string.Join(", ", allowed), ScalarForms.Integer, allowed.Contains, get, set);

    private static ScalarSetting<int> Range(
        string name, string meaning, int least, int most, Func<DiffusionQuantConfig, int> get,
        Func<DiffusionQuantConfig, int, DiffusionQuantConfig> set) =>
        new(name, SettingKind.Whole, meaning, $"{least}..{most}", ScalarForms.Integer, v => v >= least && v <= most, get, set);

    private static ScalarSetting<double> Fraction(
        string name, string meaning, Func<DiffusionQuantConfig, double> get,
        Func<DiffusionQuantConfig, double, DiffusionQuantConfig> set) =>
        new(name, SettingKind.Real, meaning, "0..1", ScalarForms.Real, v => v is >= 0 and <= 1, get, set);

    private static ScalarSetting<bool> Switch(
        string name, string meaning, Func<DiffusionQuantConfig, bool> get, Func<DiffusionQuantConfig, bool, DiffusionQuantConfig> set) =>
        new(name, SettingKind.Switch, meaning, "true, false", ScalarForms.Switch, _ => true, get, set);

    private static ScalarSetting<TEnum> Word<TEnum>(
        string name, string meaning, ScalarForm<TEnum> form, Func<DiffusionQuantConfig, TEnum> get,
        Func<DiffusionQuantConfig, TEnum, DiffusionQuantConfig> set)
        where TEnum : struct, Enum =>
        new(name, SettingKind.Word, meaning, Words<TEnum>(), form, Enum.IsDefined, get, set);

    private static TextListSetting Expressions(
        string name, string meaning, Func<DiffusionQuantConfig, IReadOnlyList<string>> get,
        Func<DiffusionQuantConfig, IReadOnlyList<string>, DiffusionQuantConfig> set) =>
        new(name, meaning, "regular expressions", areExpressions: true, get, set);
}
