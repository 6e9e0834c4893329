using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Kernels;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Resuming;
using ArrowQuant.Pipeline.Running;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowQuant.Pipeline;

/// <summary>
/// Quantizes a diffusion model behind a quality gate: plans, runs the ladder of widths, and publishes a complete, verified artefact or
/// nothing. Instances are thread-safe; each call is a run of its own.
/// </summary>
public sealed class DiffusionQuantizer
{
    private readonly ILogger _logger;
    private readonly KernelSet _kernels;

    /// <summary>Creates a quantizer.</summary>
    /// <param name="logger">Told of fallbacks (warnings) and progress (information); null for nobody.</param>
    /// <param name="kernels">
    /// <c>scalar</c>, <c>v128</c>, <c>v256</c> or <c>v512</c>; null takes the environment variable <c>ARROW_QUANT_KERNELS</c>, and without
    /// it the widest that the processor has. The bytes of a result never depend on it.
    /// </param>
    /// <exception cref="Errors.ConfigurationException">The kernel set is unknown.</exception>
    public DiffusionQuantizer(ILogger? logger = null, string? kernels = null)
    {
        _logger = logger ?? NullLogger.Instance;
        _kernels = KernelSet.Create(kernels ?? Environment.GetEnvironmentVariable(KernelSet.EnvironmentVariable));
    }

    /// <summary>
    /// Told of every write to shards and to finished blocks, with the path, before it; what it throws the write fails with.
    /// Null for nobody.
    /// </summary>
    internal Action<string>? BeforeWrite { get; init; }

    /// <summary>Runs with default options.</summary>
    /// <inheritdoc cref="QuantizeAsync(string, string, DiffusionQuantConfig, QuantizationRunOptions, IProgress{QuantizationProgress}, CancellationToken)"/>
    public Task<QuantizationResult> QuantizeAsync(
        string modelPath,
        string outputPath,
        DiffusionQuantConfig config,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        QuantizeAsync(modelPath, outputPath, config, new QuantizationRunOptions(), progress, cancellationToken);

    /// <summary>Quantizes the model at <paramref name="modelPath"/> into an artefact at <paramref name="outputPath"/>.</summary>
    /// <param name="modelPath">A model file or folder; never written to.</param>
    /// <param name="outputPath">The artefact's folder. Until the run succeeds it holds what it held before.</param>
    /// <param name="config">What to do.</param>
    /// <param name="options">How to run.</param>
    /// <param name="progress">Told of finished layers, from worker threads.</param>
    /// <param name="cancellationToken">Ends the run; nothing is published.</param>
    /// <returns>The result document, as it is stored in the artefact.</returns>
    /// <exception cref="Errors.ConfigurationException">The configuration is wrong.</exception>
    /// <exception cref="Errors.ModelNotFoundException">There is no model at the path.</exception>
    /// <exception cref="Errors.ModelFormatException">The model is corrupt, not understood, or has nothing to quantize.</exception>
    /// <exception cref="Errors.CalibrationException">Calibration data that was named is missing or broken.</exception>
    /// <exception cref="QuantizationException">No width reached its threshold, or fail-fast stopped the run.</exception>
    /// <exception cref="Errors.ResourceException">Disk, memory bound, permissions, or the output exists.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<QuantizationResult> QuantizeAsync(
        string modelPath,
        string outputPath,
        DiffusionQuantConfig config,
        QuantizationRunOptions options,
        IProgress<QuantizationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        return Task.Run(() => Quantize(modelPath, outputPath, config, options, progress, cancellationToken), cancellationToken);
    }

    /// <summary>What a run would do, decided from names, shapes and types; weights are not read and nothing is written.</summary>
    /// <exception cref="Errors.ConfigurationException">The configuration is wrong.</exception>
    /// <exception cref="Errors.ModelNotFoundException">There is no model at the path.</exception>
    /// <exception cref="Errors.ModelFormatException">The model is corrupt, not understood, or has nothing to quantize.</exception>
#pragma warning disable CA1822 // a plan belongs to a quantizer as a run does
    public QuantizationPlan Plan(string modelPath, DiffusionQuantConfig config, QuantizationRunOptions? options = null)
#pragma warning restore CA1822
    {
        ConfigurationValidator.ThrowIfInvalid(config);
        options ??= new QuantizationRunOptions();
        using IModelSource source = ModelPlanner.Open(modelPath, config, options);
        return PlanDocument.Of(ModelPlanner.Plan(source, config, options));
    }

    private QuantizationResult Quantize(
        string modelPath,
        string outputPath,
        DiffusionQuantConfig config,
        QuantizationRunOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken)
    {
        TimeProvider clock = TimeProvider.System;
        long started = clock.GetTimestamp();
        ConfigurationValidator.ThrowIfInvalid(config);
        using IModelSource source = ModelPlanner.Open(modelPath, config, options);
        var sourceFiles = new SourceFiles(source);
        MemoryBudget budget = BudgetOf(config);
        ModelPlan plan = ModelPlanner.Plan(source, config, options, budget);
        OutputPath.Check(modelPath, outputPath);
        LogPlan(plan);

        using ArtefactStaging staging = ArtefactStaging.Begin(outputPath, options.Force);
        using var meter = new QuantizationMeter();
        var journal = new RunJournal(_logger, meter, TextForms.Of(plan.Modality));
        var writing = new ArtefactWriterOptions { Compression = config.Compression, Sha256 = options.Sha256, BeforeWrite = BeforeWrite };
        using FinishedBlocks? finished = FinishedBlocks.Open(outputPath, plan, options, _logger, BeforeWrite, cancellationToken);
        var times = new PhaseTimes(clock);
        long planned = clock.GetTimestamp();
        var runner = new AttemptRunner(plan, _kernels, budget, writing, new ProgressReporter(progress, _logger, clock), times, finished);
        LadderResult ladder = Climb(runner, plan, journal, clock, staging, cancellationToken);
        finished?.EndTaking();
        long ended = clock.GetTimestamp();
        QuantizationResult result = ResultBuilder.Build(plan, ladder, journal, outputPath, clock.GetElapsedTime(started).TotalSeconds);
        sourceFiles.RequireUnchanged();
        ArtefactPublication.Publish(staging, plan, ladder, result, cancellationToken);
        FinishedBlocks.RemoveJournal(outputPath);
        LogTimes(times, clock.GetElapsedTime(started, planned), clock.GetElapsedTime(planned, ended), clock.GetElapsedTime(ended));
        return result;
    }

    private LadderResult Climb(
        AttemptRunner runner, ModelPlan plan, RunJournal journal, TimeProvider clock, ArtefactStaging staging,
        CancellationToken cancellationToken)
    {
        string FreshFolder()
        {
            staging.ResetContents();
            return staging.Path;
        }

        return plan.Config.FallbackScope == FallbackScope.Layer
            ? new LayerLadder(runner, plan, journal, _logger, clock).Climb(FreshFolder, cancellationToken)
            : new ModelLadder(runner, plan, journal, _logger, clock).Climb(FreshFolder, cancellationToken);
    }

    private void LogTimes(PhaseTimes times, TimeSpan planning, TimeSpan passes, TimeSpan publishing) => _logger.TimesOfRun(
        planning.TotalSeconds, passes.TotalSeconds, publishing.TotalSeconds,
        times.SecondsOf(RunPhase.Read), times.SecondsOf(RunPhase.Hash), times.SecondsOf(RunPhase.Quantize),
        times.SecondsOf(RunPhase.Write), times.SecondsOf(RunPhase.Flush));

    private void LogPlan(ModelPlan plan)
    {
        int layers = plan.WidthsAt(plan.Config.BitWidth).Count(width => width is not null);
        _logger.Planned(
            plan.Source.Path,
            TextForms.Of(plan.Modality),
            plan.Strategy.Method,
            plan.Strategy.Enhancement,
            layers,
            plan.Tensors.Count - layers);
        foreach (string note in plan.Source.Description.Notes) _logger.SourceNote(note);
        if (plan.Calibration is not { } calibration) return;
        foreach (string note in calibration.Notes) _logger.SourceNote(note);
        IReadOnlyList<string> unknown = calibration.UnknownLayers(plan.Tensors.Select(tensor => tensor.Tensor.FullName));
        if (unknown.Count > 0) _logger.UnknownCalibrationLayers(unknown.Count, unknown[0]);
    }

    // Without a bound of the user's: three quarters of what the process may use.
    private static MemoryBudget BudgetOf(DiffusionQuantConfig config) =>
        new(config.MaxMemoryMb > 0 ? config.MaxMemoryMb << 20 : Math.Max(1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3));
}
