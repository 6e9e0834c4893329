using ArrowQuant.Cli;
using ArrowQuant.Exports;
using ArrowQuant.Onnx;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Tests.Cli;

/// <summary>The long work, controlled by a test: it gives what it is told to give, or throws, and remembers what it was asked.</summary>
internal sealed class FakeService : IQuantizationService
{
    public Func<CancellationToken, QuantizationResult> OnQuantize { get; init; } = _ => SampleDocuments.Result;

    public Func<QuantizationPlan> OnPlan { get; init; } = () => SampleDocuments.Plan;

    public Func<ModelInspection> OnInspect { get; init; } = () => SampleDocuments.Inspection;

    public Func<ValidationReport> OnValidate { get; init; } = () => SampleDocuments.Validation;

    public Func<ExportReport> OnExport { get; init; } = () => SampleDocuments.Export;

    public IReadOnlyList<QuantizationProgress> Reports { get; init; } = [];

    public ILogger? Logger { get; set; }

    public string? Kernels { get; set; }

    public QuantizeRequest? Quantized { get; private set; }

    public string? OutputPath { get; private set; }

    public ValidateRequest? Validated { get; private set; }

    public ExportRequest? Exported { get; private set; }

    public bool HadProgress { get; private set; }

    public int Calls { get; private set; }

    public Task<QuantizationResult> QuantizeAsync(
        QuantizeRequest request, string outputPath, IProgress<QuantizationProgress>? progress, CancellationToken cancellationToken)
    {
        Calls++;
        Quantized = request;
        OutputPath = outputPath;
        HadProgress = progress is not null;
        foreach (QuantizationProgress report in Reports) progress?.Report(report);
        return Task.FromResult(OnQuantize(cancellationToken));
    }

    public QuantizationPlan Plan(QuantizeRequest request)
    {
        Calls++;
        Quantized = request;
        return OnPlan();
    }

    public ModelInspection Inspect(string path, string? variant)
    {
        Calls++;
        return OnInspect();
    }

    public OnnxCalibrationResult Record(
        string modelPath, string outputPath, OnnxCalibrationOptions options, CancellationToken cancellationToken)
    {
        Calls++;
        return new OnnxCalibrationResult(1, 1, 1, []);
    }

    public ValidationReport Validate(ValidateRequest request, CancellationToken cancellationToken)
    {
        Calls++;
        Validated = request;
        return OnValidate();
    }

    public ExportReport Export(ExportRequest request, CancellationToken cancellationToken)
    {
        Calls++;
        Exported = request;
        return OnExport();
    }
}
