using ArrowQuant.Calibration;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>What a single run does beside its configuration.</summary>
public sealed record QuantizationRunOptions
{
    /// <summary>Calibration data, or null to look beside the model.</summary>
    public string? CalibrationPath { get; init; }

    /// <summary>Whether calibration data is not used even when it lies beside the model.</summary>
    public bool NoCalibration { get; init; }

    /// <summary>
    /// Runs the model for sequential calibration, instead of calibration data from files: layers are quantized in forward order, each
    /// fitted to the inputs that the quantized layers before it make and aimed at the outputs of the original model. Null without. Goes
    /// with fallback_scope model only, and neither with <see cref="Resume"/> nor with <see cref="ReusePath"/>.
    /// </summary>
    public IModelRunner? Runner { get; init; }

    /// <summary>The file variant of a diffusers folder, <c>fp16</c>; null is the plain one.</summary>
    public string? Variant { get; init; }

    /// <summary>Whether a source that is already quantized is accepted.</summary>
    public bool AllowRequantize { get; init; }

    /// <summary>Whether SHA-256 hashes of the artefact's files are stored as well.</summary>
    public bool Sha256 { get; init; }

    /// <summary>Whether an artefact that is already at the output path is replaced.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Whether finished blocks are kept beside the output until the artefact is published, and those that an earlier run left are taken
    /// over where source, configuration, calibration data and program are the same. The artefact is the same byte for byte.
    /// </summary>
    public bool Resume { get; init; }

    /// <summary>
    /// A finished artefact of an earlier state of the model, or null: blocks whose source bytes, configuration and calibration data are the
    /// same are taken over from it. The artefact is the same byte for byte.
    /// </summary>
    public string? ReusePath { get; init; }
}
