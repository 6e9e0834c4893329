using ArrowQuant.Exports;
using ArrowQuant.Onnx;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Cli;

/// <summary>The long work as the library does it.</summary>
internal sealed class QuantizationService(ILogger logger, string? kernels) : IQuantizationService
{
    private readonly DiffusionQuantizer _quantizer = new(logger, kernels);

    /// <inheritdoc/>
    public Task<QuantizationResult> QuantizeAsync(
        QuantizeRequest request, string outputPath, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken) =>
        _quantizer.QuantizeAsync(request.ModelPath, outputPath, request.Config, request.Options, progress, cancellationToken);

    /// <inheritdoc/>
    public QuantizationPlan Plan(QuantizeRequest request) => _quantizer.Plan(request.ModelPath, request.Config, request.Options);

    /// <inheritdoc/>
    public ModelInspection Inspect(string path, string? variant) => ModelInspector.Inspect(path, variant);

    /// <inheritdoc/>
    public OnnxCalibrationResult Record(
        string modelPath, string outputPath, OnnxCalibrationOptions options, CancellationToken cancellationToken) =>
        OnnxCalibration.Record(modelPath, outputPath, options, cancellationToken);

    /// <inheritdoc/>
    public ValidationReport Validate(ValidateRequest request, CancellationToken cancellationToken) => ArtefactValidator.Validate(
        request.OriginalPath, request.QuantizedPath, request.MinAccuracy, request.CalibrationPath, cancellationToken);

    /// <inheritdoc/>
    public ExportReport Export(ExportRequest request, CancellationToken cancellationToken) =>
        ArtefactExporter.Export(request.ArtefactPath, request.OutputPath, request.Options, cancellationToken);
}
