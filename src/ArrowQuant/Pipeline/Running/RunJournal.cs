using ArrowQuant.Fallback;
using ArrowQuant.Methods;
using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Pipeline.Running;

/// <summary>Writes down what happens in a run, once, for every reader of it: result, log and metrics.</summary>
internal sealed class RunJournal(ILogger logger, QuantizationMeter meter, string modality)
{
    private readonly List<QuantizationAttempt> _attempts = [];
    private readonly FallbackLog _log = new();

    /// <summary>Every attempt in order.</summary>
    public IReadOnlyList<QuantizationAttempt> Attempts => _attempts;

    /// <summary>Events and rates.</summary>
    public FallbackLog Fallbacks => _log;

    /// <summary>Records what was tried and replaced on the layers of a pass; equal causes are one line of the log.</summary>
    public void Layers(IReadOnlyList<LayerOutcome> layers)
    {
        foreach (LayerOutcome layer in layers)
        {
            foreach (string key in layer.Recipe.Tried)
            {
                _log.Tried(key);
                meter.Tried(key, layer.Format.BitWidth, modality);
            }

            foreach (MethodFailure failure in layer.Recipe.Failures)
            {
                meter.FellBack(failure.From, layer.Format.BitWidth, modality, failure.Cause);
                _log.FellBack(failure.From, new FallbackEvent
                {
                    Layer = layer.Layer.Tensor.FullName,
                    Kind = failure.Kind,
                    From = failure.From,
                    To = failure.To,
                    Cause = failure.Cause,
                    Message = failure.Message,
                    BitWidth = layer.Format.BitWidth,
                });
            }
        }

        foreach (var same in layers.SelectMany(layer => layer.Recipe.Failures).GroupBy(f => (f.From, f.To, f.Cause)))
            logger.MethodFellBack(same.Key.From, same.Key.To, same.Count(), same.First().Message);
    }

    /// <summary>Records the end of an attempt.</summary>
    public void Attempt(QuantizationAttempt attempt)
    {
        _attempts.Add(attempt);
        meter.Attempted(attempt.BitWidth, modality, attempt.Passed, attempt.DurationS);
        logger.AttemptEnded(
            _attempts.Count, attempt.BitWidth, attempt.CosineSimilarity, attempt.MinAccuracy, attempt.Passed
                ? "passed"
                : $"failed, {attempt.FailureReason}");
    }

    /// <summary>Counts a width that could fall back.</summary>
    public void WidthTried(int bitWidth)
    {
        if (bitWidth < 8) _log.Tried(FallbackLog.StepKey(bitWidth));
    }

    /// <summary>Records that a width failed and the next one takes its place, for the model or for one layer.</summary>
    public void WidthFellBack(int bitWidth, string? layer, string message)
    {
        meter.FellBack(FallbackLog.StepKey(bitWidth), bitWidth, modality, "below_threshold");
        _log.FellBack(FallbackLog.StepKey(bitWidth), new FallbackEvent
        {
            Layer = layer,
            Kind = "bit_width",
            From = $"int{bitWidth}",
            To = $"int{2 * bitWidth}",
            Cause = "below_threshold",
            Message = message,
            BitWidth = bitWidth,
        });
    }

    /// <summary>The failure that ends the run, with all that was tried.</summary>
    public QuantizationException Failure(string message, string modelPath) => new(message)
    {
        FilePath = modelPath,
        Attempts = [.. _attempts],
        Events = [.. _log.Events],
        Rates = _log.Rates,
    };

    /// <summary>Every attempt in a few words each, for messages.</summary>
    public string Summary() =>
        string.Join(", ", _attempts.Select(a =>
            $"INT{a.BitWidth} accuracy {a.CosineSimilarity:0.######} (threshold {a.MinAccuracy}): {a.FailureReason}"));
}
