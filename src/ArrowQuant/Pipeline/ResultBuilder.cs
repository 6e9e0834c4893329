using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Running;
using ArrowQuant.Quality;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>Makes the result document of a run.</summary>
internal static class ResultBuilder
{
    /// <summary>The version of the document's form.</summary>
    public const int SchemaVersion = 1;

    /// <summary>Builds the document from what the run decided and measured.</summary>
    public static QuantizationResult Build(ModelPlan plan, LadderResult ladder, RunJournal journal, string outputPath, double seconds)
    {
        IReadOnlyList<LayerOutcome> layers = ladder.Final.Layers;
        ErrorSums sums = default;
        foreach (LayerOutcome layer in layers) sums.Add(layer.Sums);
        LayerFigures model = LayerFigures.From(sums);
        LayerOutcome worst = layers.MinBy(layer => layer.Accuracy)!;
        long shardBytes = ladder.Final.Shards.Sum(shard => shard.Bytes);
        long keptBytes = ladder.Final.Shards.Sum(shard => shard.KeptBytes);
        long weights = layers.Sum(layer => layer.Layer.Tensor.Shape.ElementCount);
        bool byOutputs = layers.All(layer => layer.Outputs is not null);
        return new QuantizationResult
        {
            SchemaVersion = SchemaVersion,
            ToolVersion = LibraryVersion.Current,
            ModelPath = plan.Source.Path,
            QuantizedPath = outputPath,
            Modality = TextForms.Of(plan.Modality),
            Strategy = ReportOf(plan.Strategy),
            Recipe = TextForms.Of(plan.Config.Recipe),
            Calibration = plan.Runner is null ? null : QuantizationResult.Sequential,
            RequestedBitWidth = plan.Config.BitWidth,
            BitWidth = ladder.BitWidth,
            AccuracyMetric = plan.JudgeByOutputs ? "output" : "weight",
            MinAccuracy = ladder.Threshold,
            CosineSimilarity = layers.Average(layer => layer.Accuracy),
            WeightCosineSimilarity = layers.Average(layer => layer.Figures.Cosine),
            OutputCosineSimilarity = byOutputs ? layers.Average(layer => layer.Outputs!.Cosine) : null,
            WorstLayer = new WorstLayer(worst.Layer.Tensor.FullName, worst.Accuracy),
            DamageEstimate = Finite(layers.Sum(layer => byOutputs ? layer.DamageEstimate : layer.Figures.DamageEstimate)),
            Nmse = model.Nmse,
            SqnrDb = model.SqnrDb,
            CompressionRatio = (double)plan.SourceBytes / shardBytes,
            ModelSizeBytes = shardBytes,
            BitsPerWeight = 8.0 * (shardBytes - keptBytes) / weights,
            QuantizationTimeS = seconds,
            LayersByBitWidth = layers.GroupBy(layer => layer.Format.BitWidth).OrderBy(g => g.Key)
                .ToDictionary(g => $"{g.Key}", g => g.Count()),
            Attempts = ladder.Attempts,
            Fallback = new FallbackReport([.. journal.Fallbacks.Events], journal.Fallbacks.Rates),
            Layers = [.. layers.Select(LayerOf)],
            Kept = [.. plan.Tensors.Where(t => ladder.Widths[t.Index] is null).Select(t => KeptOf(plan, t, ladder.BitWidth))],
            Notes = plan.Source.Description.Notes,
        };
    }

    /// <summary>A strategy as documents tell it.</summary>
    public static StrategyReport ReportOf(Strategy strategy) =>
        new(strategy.Method, strategy.Enhancement == MethodNames.TimeAware, strategy.Enhancement == MethodNames.Spatial);

    /// <summary>A kept tensor as documents tell it.</summary>
    public static KeptReport KeptOf(ModelPlan plan, PlannedTensor tensor, int bitWidth) => new(
        tensor.Tensor.FullName,
        [.. tensor.Tensor.Shape.Dimensions],
        tensor.Tensor.ElementType.Name(),
        tensor.KeptReasonAt(bitWidth, plan.Size) ?? KeptReasons.NoSmaller);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static LayerReport LayerOf(LayerOutcome layer)
    {
        TensorInfo tensor = layer.Layer.Tensor;
        long bytes = QuantizedSize.Of(layer.Layer.View, layer.Format);
        return new LayerReport
        {
            Name = tensor.FullName,
            Shape = [.. tensor.Shape.Dimensions],
            SourceDtype = tensor.ElementType.Name(),
            Method = layer.Recipe.Method,
            Enhancement = layer.Recipe.Enhancement,
            ChannelEqualization = layer.Recipe.ChannelEqualization,
            Layout = TextForms.Of(layer.Format.Layout),
            BitWidth = layer.Format.BitWidth,
            WidthReason = layer.Layer.WidthReason,
            GroupSize = layer.Format.PerChannel ? null : layer.Format.Groups.GroupSize,
            CosineSimilarity = layer.Figures.Cosine,
            OutputCosineSimilarity = layer.Outputs?.Cosine,
            OutputHessianCosine = layer.Outputs?.HessianCosine,
            OutputError = layer.Outputs?.RelativeError,
            DamageEstimate = Finite(layer.DamageEstimate),
            TimeGroupErrors = layer.Outputs?.GroupErrors ?? [],
            Nmse = layer.Figures.Nmse,
            SqnrDb = layer.Figures.SqnrDb,
            Gain = layer.Figures.Gain,
            NormRatio = layer.Figures.NormRatio,
            MaxAbsError = layer.Figures.MaxAbsError,
            Bpw = 8.0 * bytes / tensor.Shape.ElementCount,
            Bytes = bytes,
            SourceXxh128 = layer.SourceHash.ToString("x32"),
        };
    }
}
