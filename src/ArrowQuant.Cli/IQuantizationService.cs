using ArrowQuant.Configuration;
using ArrowQuant.Exports;
using ArrowQuant.Onnx;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli;

/// <summary>The long work behind the commands.</summary>
internal interface IQuantizationService
{
    /// <summary>Quantizes a model.</summary>
    Task<QuantizationResult> QuantizeAsync(
        QuantizeRequest request, string outputPath, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Plans without reading weights.</summary>
    QuantizationPlan Plan(QuantizeRequest request);

    /// <summary>Lists a model.</summary>
    ModelInspection Inspect(string path, string? variant);

    /// <summary>Records calibration data by running an ONNX model.</summary>
    OnnxCalibrationResult Record(string modelPath, string outputPath, OnnxCalibrationOptions options, CancellationToken cancellationToken);

    /// <summary>Checks an artefact.</summary>
    ValidationReport Validate(ValidateRequest request, CancellationToken cancellationToken);

    /// <summary>Writes an artefact in the format of another program.</summary>
    ExportReport Export(ExportRequest request, CancellationToken cancellationToken);
}

/// <summary>What to quantize and how.</summary>
internal sealed record QuantizeRequest(string ModelPath, DiffusionQuantConfig Config, QuantizationRunOptions Options);

/// <summary>What to check. Without an original only structure and hashes are; without a threshold the report's counts.</summary>
internal sealed record ValidateRequest(string? OriginalPath, string QuantizedPath, double? MinAccuracy, string? CalibrationPath);

/// <summary>What to export, where to and how.</summary>
internal sealed record ExportRequest(string ArtefactPath, string OutputPath, ExportOptions Options);
