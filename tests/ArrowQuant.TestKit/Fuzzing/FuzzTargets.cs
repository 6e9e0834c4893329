namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Every reader of files that come from elsewhere.</summary>
public static class FuzzTargets
{
    private static readonly Dictionary<string, Func<FuzzTarget>> Makers = new(StringComparer.Ordinal)
    {
        ["safetensors"] = ModelFuzzTargets.SafeTensors,
        ["safetensors-index"] = ModelFuzzTargets.SafeTensorsIndex,
        ["diffusers-index"] = ModelFuzzTargets.DiffusersIndex,
        ["config-json"] = ModelFuzzTargets.ConfigJson,
        ["metadata-json"] = ModelFuzzTargets.MetadataJson,
        ["old-parquet"] = ModelFuzzTargets.OldParquet,
        ["onnx"] = ModelFuzzTargets.Onnx,
        ["artefact-shard"] = ArtefactFuzzTargets.Shard,
        ["artefact-metadata"] = ArtefactFuzzTargets.Metadata,
        ["artefact-report"] = ArtefactFuzzTargets.Report,
        ["calibration-safetensors"] = () => CalibrationFuzzTargets.Of("safetensors"),
        ["calibration-parquet"] = () => CalibrationFuzzTargets.Of("parquet"),
        ["calibration-arrow"] = () => CalibrationFuzzTargets.Of("arrow"),
        ["calibration-stream"] = () => CalibrationFuzzTargets.Of("arrows"),
        ["calibration-jsonl"] = () => CalibrationFuzzTargets.Of("jsonl"),
        ["yaml"] = ConfigurationFuzzTargets.Yaml,
    };

    /// <summary>The names of all readers.</summary>
    public static IReadOnlyList<string> Names => [.. Makers.Keys];

    /// <summary>Makes the target of a reader; dispose it.</summary>
    /// <exception cref="ArgumentException">There is no such reader.</exception>
    public static FuzzTarget Create(string name) => Makers.TryGetValue(name, out Func<FuzzTarget>? make)
        ? make()
        : throw new ArgumentException($"no reader {name}, there are {string.Join(", ", Names)}", nameof(name));
}
