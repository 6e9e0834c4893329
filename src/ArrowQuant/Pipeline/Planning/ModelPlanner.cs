using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Methods;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>Makes the plan of a run from an opened model and a valid configuration.</summary>
internal static class ModelPlanner
{
    /// <summary>Opens the model as a run does.</summary>
    public static IModelSource Open(string modelPath, DiffusionQuantConfig config, QuantizationRunOptions options) =>
        ModelSource.Open(modelPath, new ModelSourceOptions
        {
            Variant = options.Variant,
            IncludeComponents = config.IncludeLayers,
            LargestPageBytes = config.MaxMemoryMb > 0 ? (long)config.MaxMemoryMb << 20 : null,
        });

    /// <summary>Plans a run.</summary>
    /// <param name="source">The opened model.</param>
    /// <param name="config">The configuration, complete and valid.</param>
    /// <param name="options">How the run is made.</param>
    /// <param name="budget">Pays for calibration rows; null when none will be loaded.</param>
    /// <exception cref="ConfigurationException">The modality is neither given nor found.</exception>
    /// <exception cref="ModelFormatException">The model is quantized already, or has nothing to quantize.</exception>
    /// <exception cref="CalibrationException">Named calibration data is missing or broken.</exception>
    public static ModelPlan Plan(
        IModelSource source, DiffusionQuantConfig config, QuantizationRunOptions options, MemoryBudget? budget = null)
    {
        Modality modality = config.Modality ?? source.Description.Modality ?? throw new ConfigurationException(
            [$"{source.Path}: nothing in metadata.json, model_index.json, config.json or the file's own metadata tells the modality; "
                + "give it with --modality text|code|image|audio"])
        {
            FilePath = source.Path,
        };
        RefuseQuantized(source, options);
        RefuseWithRunner(config, options);
        IReadOnlyList<LayerDecision> decisions = new LayerSelection(config, source.Description.ModelType).Decide(source.Tensors);
        long quantizable = decisions.Where(decision => decision.Quantize).Sum(decision => decision.Tensor.Shape.ElementCount);
        PlannedTensor[] tensors = [.. decisions.Select((decision, index) => new PlannedTensor(
            index, decision, decision.Quantize && RecipeRules.IsEdge(config, decision.Tensor.Shape.ElementCount, quantizable)))];
        IReadOnlyList<PlannedShard> shards = ShardPlan.Plan(source.Tensors);
        CalibrationData? calibration = CalibrationData.Open(
            options.NoCalibration || options.Runner is not null ? [] : CalibrationFiles(source, options),
            options.CalibrationPath is not null, config, budget);
        var plan = new ModelPlan
        {
            Source = source,
            Config = config,
            Modality = modality,
            Strategy = Strategy.For(modality, config),
            Calibration = calibration,
            Runner = options.Runner,
            JudgeByOutputs = false,
            Tensors = tensors,
            Shards = shards,
            BiasOf = BiasCorrection.Find(tensors, shards),
        };
        if (plan.WidthsAt(config.BitWidth).Any(width => width is not null)) return plan with { JudgeByOutputs = JudgeByOutputs(plan) };
        string reasons = string.Join(", ", plan.Tensors
            .GroupBy(t => t.KeptReasonAt(config.BitWidth, plan.Size), StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}"));
        throw new ModelFormatException(
            $"{source.Path}: nothing to quantize: all {plan.Tensors.Count} tensors would be kept "
            + $"({(plan.Tensors.Count == 0 ? "the model is empty" : reasons)}); --include or --no-skip-sensitive add layers")
        {
            FilePath = source.Path,
        };
    }

    // auto judges by outputs only when every layer has them, so that one mean compares like with like. Layers that are not fitted to their
    // inputs are not measured by outputs either.
    private static bool JudgeByOutputs(ModelPlan plan)
    {
        AccuracyMetric metric = plan.Config.AccuracyMetric;
        if (metric == AccuracyMetric.Weight) return false;
        PlannedTensor[] layers = [.. plan.Tensors.Where(t => t.Decision.Quantize)];
        PlannedTensor? without = layers.FirstOrDefault(layer => !plan.RecipeOf(layer).IsCalibrated);
        bool sampled = plan.Calibration?.HasSamplesFor(layers.Select(t => (t.Tensor.FullName, t.View.Columns))) ?? false;
        if (without is null && (sampled || plan.Runner is not null)) return true;
        if (metric == AccuracyMetric.Auto) return false;
        string missing = plan.Calibration is null ? "there is no calibration data"
            : without is null ? "some layers have moments of their channels only"
            : plan.DefectOf(without)!.Message;
        throw new CalibrationException(
            $"accuracy_metric output needs calibration samples for every quantized layer: {missing}; "
            + "give --calibration, or --accuracy-metric auto");
    }

    // The layers before it decide what a layer is fitted to, so it is not a thing of its own.
    private static void RefuseWithRunner(DiffusionQuantConfig config, QuantizationRunOptions options)
    {
        if (options.Runner is null) return;
        (bool IsGiven, string Name)[] others =
        [
            (config.FallbackScope == FallbackScope.Layer, "fallback_scope layer"),
            (options.CalibrationPath is not null, "calibration data from files"),
            (options.Resume, "resuming"),
            (options.ReusePath is not null, "reusing an artefact"),
        ];
        string[] given = [.. others.Where(other => other.IsGiven).Select(other => other.Name)];
        if (given.Length > 0)
            throw new ConfigurationException([.. given.Select(name => $"sequential calibration with a model runner excludes {name}")]);
    }

    private static IReadOnlyList<string> CalibrationFiles(IModelSource source, QuantizationRunOptions options) =>
        options.CalibrationPath is { } path ? [path] : source.Description.CalibrationFiles;

    private static void RefuseQuantized(IModelSource source, QuantizationRunOptions options)
    {
        if (options.AllowRequantize) return;
        foreach (var tensor in source.Tensors)
        {
            if (tensor.AlreadyQuantized is null) continue;
            throw new ModelFormatException(
                $"{tensor.FilePath}: tensor {tensor.FullName} is already quantized ({tensor.AlreadyQuantized}); "
                + "quantizing it again loses quality: take the original model, or say --allow-requantize")
            {
                FilePath = tensor.FilePath,
                TensorName = tensor.FullName,
            };
        }
    }
}
