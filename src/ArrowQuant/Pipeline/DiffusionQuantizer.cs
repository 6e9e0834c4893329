using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Pipeline;

/// <summary>Quantizes models.</summary>
public sealed class DiffusionQuantizer
{
    /// <summary>Creates a quantizer.</summary>
    /// <param name="logger">Where warnings go, or null for nowhere.</param>
    /// <param name="kernels">The kernel set to force: <c>scalar</c>, <c>v128</c>, <c>v256</c>, <c>v512</c>; null chooses.</param>
    public DiffusionQuantizer(ILogger? logger = null, string? kernels = null)
    {
        _ = logger;
        _ = kernels;
    }

    /// <summary>Quantizes the model at <paramref name="modelPath"/> into an artefact at <paramref name="outputPath"/>.</summary>
    public Task<QuantizationResult> QuantizeAsync(
        string modelPath,
        string outputPath,
        DiffusionQuantConfig config,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        QuantizeAsync(modelPath, outputPath, config, new QuantizationRunOptions(), progress, cancellationToken);

    /// <summary>Quantizes the model at <paramref name="modelPath"/> into an artefact at <paramref name="outputPath"/>.</summary>
#pragma warning disable CA1822 // The body is wired with the pipeline.
    public Task<QuantizationResult> QuantizeAsync(
        string modelPath,
        string outputPath,
        DiffusionQuantConfig config,
        QuantizationRunOptions options,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        throw new ModelFormatException("not wired");

    /// <summary>What a run would do, without reading weights.</summary>
    public QuantizationPlan Plan(string modelPath, DiffusionQuantConfig config, QuantizationRunOptions? options = null) =>
        throw new ModelFormatException("not wired");
#pragma warning restore CA1822
}
