using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// The ladder for each layer on its own. Rounds at INT2, INT4 and INT8 only measure, each on the layers that failed the one before; the
/// last pass writes every layer at the width that it needs. Layers with a pinned width are the user's decision and are not judged. Edge
/// layers are judged at the threshold of their own width.
/// </summary>
/// <param name="runner">Runs the passes.</param>
/// <param name="plan">What is quantized.</param>
/// <param name="journal">Takes down what happens.</param>
/// <param name="logger">Told of every fallback.</param>
/// <param name="clock">Times the rounds.</param>
internal sealed class LayerLadder(IAttemptRunner runner, ModelPlan plan, RunJournal journal, ILogger logger, TimeProvider clock)
{
    private readonly DiffusionQuantConfig _config = plan.Config;

    /// <summary>Climbs until every layer passes, then writes.</summary>
    /// <param name="freshFolder">Empties the folder that is written to and returns its path.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="QuantizationException">Fail-fast stopped it, or a layer failed at INT8.</exception>
    public LadderResult Climb(Func<string> freshFolder, CancellationToken cancellationToken)
    {
        var rules = new FallbackRules(_config.BitWidth, _config.MinAccuracy, _config.FailFast, _config.KeepMinAccuracy);
        int?[] widths = [.. plan.WidthsAt(_config.BitWidth)];
        HashSet<int> open = [.. plan.Tensors.Where(t => widths[t.Index] is not null && t.Decision.PinnedBitWidth is null)
            .Select(t => t.Index)];
        List<bool> passed = [];
        while (true)
        {
            FallbackDecision decision = FallbackPolicy.Decide(rules, passed);
            if (decision.Action == FallbackAction.Accept) break;
            if (decision.Action is FallbackAction.StopAtOnce or FallbackAction.Exhausted)
                throw journal.Failure(FailureMessage(decision.Action), plan.Source.Path);
            List<LayerOutcome> failing = Round(passed.Count + 1, decision, widths, open, cancellationToken);
            passed.Add(failing.Count == 0);
            FallbackDecision next = FallbackPolicy.Decide(rules, passed);
            if (next.Action == FallbackAction.Attempt) StepUp(decision, next, failing, widths, open);
        }

        AttemptResult final = runner.Run(
            new AttemptSpec { Number = passed.Count + 1, BitWidth = _config.BitWidth, Widths = widths, OutputFolder = freshFolder() },
                cancellationToken);
        return new LadderResult
        {
            Final = final,
            BitWidth = _config.BitWidth,
            Threshold = _config.MinAccuracy,
            Widths = widths,
            Attempts = journal.Attempts,
        };
    }

    private List<LayerOutcome> Round(
        int number, FallbackDecision decision, int?[] widths, HashSet<int> open, CancellationToken cancellationToken)
    {
        List<LayerOutcome> failing = [];
        long started = clock.GetTimestamp();
        AttemptResult result = runner.Run(
            new AttemptSpec
            {
                Number = number,
                BitWidth = decision.BitWidth,
                Widths = widths,
                Only = open,
                Observe = layer =>
                {
                    if (DefectOf(layer, decision.Threshold) is not null) failing.Add(layer);
                    return failing.Count == 0 || !_config.FailFast;
                },
            },
            cancellationToken);
        foreach (LayerOutcome layer in result.Layers) journal.WidthTried(layer.Format.BitWidth);
        journal.Layers(result.Layers);
        double mean = result.Layers.Count == 0 ? 0 : result.Layers.Average(layer => layer.Accuracy);
        journal.Attempt(new QuantizationAttempt
        {
            BitWidth = decision.BitWidth,
            MinAccuracy = decision.Threshold,
            CosineSimilarity = mean,
            Passed = failing.Count == 0,
            LayersMeasured = result.Layers.Count,
            BestReachable = mean,
            FailureReason = failing.Count == 0 ? null : Reason(failing, decision.Threshold),
            DurationS = clock.GetElapsedTime(started).TotalSeconds,
        });
        return failing;
    }

    private void StepUp(FallbackDecision decision, FallbackDecision next, List<LayerOutcome> failing, int?[] widths, HashSet<int> open)
    {
        LayerOutcome worst = Worst(failing);
        logger.LayersFellBack(
            decision.BitWidth, failing.Count, decision.Threshold, next.BitWidth, next.Threshold,
            worst.Layer.Tensor.FullName, worst.Accuracy);
        open.Clear();
        foreach (LayerOutcome layer in failing)
        {
            if (layer.Format.BitWidth == decision.BitWidth)
                journal.WidthFellBack(decision.BitWidth, layer.Layer.Tensor.FullName, DefectOf(layer, decision.Threshold)!);
            widths[layer.Layer.Index] = layer.Layer.WidthAt(next.BitWidth, plan.Size);
            if (widths[layer.Layer.Index] is not null) open.Add(layer.Layer.Index);
        }
    }

    private string? DefectOf(LayerOutcome layer, double threshold)
    {
        double own = layer.Layer.IsEdge ? ThresholdRules.Of(_config, layer.Format.BitWidth) : threshold;
        return GateRules.DefectOf(
            layer.Layer.Tensor.FullName, layer.Figures, layer.Accuracy, Math.Max(own, _config.MinLayerAccuracy));
    }

    private string Reason(List<LayerOutcome> failing, double threshold) => failing.Count == 1
        ? DefectOf(failing[0], threshold)!
        : $"{failing.Count} layers are below {threshold}; the lowest: {DefectOf(Worst(failing), threshold)}";

    private static LayerOutcome Worst(List<LayerOutcome> layers) => layers.MinBy(layer => layer.Accuracy)!;

    private string FailureMessage(FallbackAction action)
    {
        QuantizationAttempt failed = journal.Attempts[^1];
        return action == FallbackAction.StopAtOnce
            ? $"{plan.Source.Path}: INT{failed.BitWidth}: {failed.FailureReason}; "
                + "fail-fast is on, no fallback was attempted and nothing was published"
            : $"{plan.Source.Path}: all attempts failed, nothing was published: {journal.Summary()}; --bits NAME=16 keeps a layer as it is";
    }
}
