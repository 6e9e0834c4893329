using ArrowQuant.Configuration;

namespace ArrowQuant.Sources;

/// <summary>What a model says of itself, gathered without reading weights.</summary>
public sealed record ModelDescription
{
    /// <summary>
    /// The format as people name it: <c>safetensors</c>, <c>sharded safetensors</c>, <c>parquet v1</c>, <c>parquet v2</c>, <c>parquet v2
    /// extended</c>, <c>diffusers</c>.
    /// </summary>
    public required string Format { get; init; }

    /// <summary>The modality that the metadata tells, or null when nothing tells it.</summary>
    public Modality? Modality { get; init; }

    /// <summary>Where the modality was found (<c>metadata.json modality</c>, <c>config.json architectures</c>), or null.</summary>
    public string? ModalityOrigin { get; init; }

    /// <summary>The <c>model_type</c> of metadata.json or config.json, or null.</summary>
    public string? ModelType { get; init; }

    /// <summary>True when metadata or class names say that this is a diffusion model.</summary>
    public bool IsDiffusionModel { get; init; }

    /// <summary>
    /// Files that are copied unchanged into the artefact: absolute path of the source and relative path (forward slashes) in the artefact.
    /// config.json, tokenizer files, model_index.json and, in a diffusers folder, every file of kept components. Never weights that are
    /// quantized, calibration, reference or evaluation data.
    /// </summary>
    public IReadOnlyList<SidecarFile> Sidecars { get; init; } = [];

    /// <summary>Facts that the user should know (companion scales applied, a variant ignored), one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Calibration files that lie in the model folder (<c>calibration.*</c>), absolute paths in ordinal order.</summary>
    public IReadOnlyList<string> CalibrationFiles { get; init; } = [];
}

/// <summary>A file that travels with the model.</summary>
/// <param name="SourcePath">Absolute path in the source.</param>
/// <param name="RelativePath">Path in the artefact, forward slashes, no <c>..</c>.</param>
public sealed record SidecarFile(string SourcePath, string RelativePath);
