using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Pipeline.Running;

/// <summary>The ladder for the whole model: one width after the other until the mean accuracy of an attempt passes its threshold.</summary>
/// <param name="runner">Runs the attempts.</param>
/// <param name="plan">What is quantized.</param>
/// <param name="journal">Takes down what happens.</param>
/// <param name="logger">Told of every fallback.</param>
/// <param name="clock">Times the attempts.</param>
internal sealed class ModelLadder(IAttemptRunner runner, ModelPlan plan, RunJournal journal, ILogger logger, TimeProvider clock)
{
    private readonly DiffusionQuantConfig _config = plan.Config;

    /// <summary>Climbs until an attempt passes.</summary>
    /// <param name="freshFolder">Empties the folder that attempts write to and returns its path.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="QuantizationException">Fail-fast stopped it, or every width failed.</exception>
    public LadderResult Climb(Func<string> freshFolder, CancellationToken cancellationToken)
    {
        var rules = new FallbackRules(_config.BitWidth, _config.MinAccuracy, _config.FailFast, _config.KeepMinAccuracy);
        List<bool> passed = [];
        LadderResult? last = null;
        while (true)
        {
            FallbackDecision decision = FallbackPolicy.Decide(rules, passed);
            switch (decision.Action)
            {
                case FallbackAction.Accept:
                    return last!;
                case FallbackAction.StopAtOnce:
                    throw journal.Failure(FailFastMessage(), plan.Source.Path);
                case FallbackAction.Exhausted:
                    throw journal.Failure(
                        $"{plan.Source.Path}: all attempts failed, nothing was published: {journal.Summary()}", plan.Source.Path);
                default:
                    if (last is not null) StepUp(decision);
                    last = Attempt(passed.Count + 1, decision, freshFolder(), cancellationToken);
                    passed.Add(journal.Attempts[^1].Passed);
                    break;
            }
        }
    }

    private LadderResult Attempt(int number, FallbackDecision decision, string folder, CancellationToken cancellationToken)
    {
        IReadOnlyList<int?> widths = plan.WidthsAt(decision.BitWidth);
        var gate = new GateRules(decision.Threshold, _config.MinLayerAccuracy, widths.Count(width => width is not null));
        long started = clock.GetTimestamp();
        AttemptResult result = runner.Run(
            new AttemptSpec
            {
                Number = number,
                BitWidth = decision.BitWidth,
                Widths = widths,
                OutputFolder = folder,
                Observe = layer => gate.Observe(layer.Layer.Tensor.FullName, layer.Figures, layer.Accuracy),
            },
            cancellationToken);
        journal.WidthTried(decision.BitWidth);
        journal.Layers(result.Layers);
        journal.Attempt(new QuantizationAttempt
        {
            BitWidth = decision.BitWidth,
            MinAccuracy = decision.Threshold,
            CosineSimilarity = gate.Mean,
            Passed = gate.Passed,
            LayersMeasured = gate.Measured,
            BestReachable = gate.BestReachable,
            FailureReason = gate.FailureReason,
            DurationS = clock.GetElapsedTime(started).TotalSeconds,
        });
        return new LadderResult
        {
            Final = result,
            BitWidth = decision.BitWidth,
            Threshold = decision.Threshold,
            Widths = widths,
            Attempts = journal.Attempts,
        };
    }

    private void StepUp(FallbackDecision next)
    {
        QuantizationAttempt failed = journal.Attempts[^1];
        logger.WidthFellBack(failed.BitWidth, failed.CosineSimilarity, failed.MinAccuracy, next.BitWidth, next.Threshold);
        journal.WidthFellBack(failed.BitWidth, null, failed.FailureReason!);
    }

    private string FailFastMessage()
    {
        QuantizationAttempt failed = journal.Attempts[^1];
        return $"{plan.Source.Path}: INT{failed.BitWidth} reached accuracy {failed.CosineSimilarity:0.######}, " +
            $"below the threshold {failed.MinAccuracy} ({failed.FailureReason}); " +
            "fail-fast is on, no fallback was attempted and nothing was published";
    }
}
