using ArrowQuant.Reporting;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// Counts finished tensors and tells a consumer, in order. A consumer that throws is told nothing more and stops nothing.
/// </summary>
internal sealed class ProgressReporter(IProgress<QuantizationProgress>? consumer, ILogger logger, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private QuantizationProgress? _current;
    private long _started;
    private bool _deaf;

    /// <summary>Begins a pass.</summary>
    public void Begin(AttemptSpec spec, TensorWork?[] work)
    {
        _started = clock.GetTimestamp();
        Tell(new QuantizationProgress
        {
            BitWidth = spec.BitWidth,
            Attempt = spec.Number,
            LayersDone = 0,
            LayersTotal = work.Count(w => w is not null),
            BytesDone = 0,
            BytesTotal = work.Sum(w => w?.Planned.Tensor.ByteLength ?? 0),
            Elapsed = TimeSpan.Zero,
        });
    }

    /// <summary>Counts a finished tensor.</summary>
    public void Finished(TensorWork tensor)
    {
        lock (_gate)
        {
            Tell(_current! with
            {
                LayersDone = _current.LayersDone + 1,
                BytesDone = _current.BytesDone + tensor.Planned.Tensor.ByteLength,
                Elapsed = clock.GetElapsedTime(_started),
                CurrentLayer = tensor.Planned.Tensor.FullName,
            });
        }
    }

    private void Tell(QuantizationProgress progress)
    {
        _current = progress;
        if (consumer is null || _deaf) return;
        try
        {
            consumer.Report(progress);
        }
#pragma warning disable CA1031 // whatever a consumer throws, the run goes on; it is logged, and the consumer is left alone from then on
        catch (Exception error)
#pragma warning restore CA1031
        {
            _deaf = true;
            logger.ProgressConsumerFailed(error.Message);
        }
    }
}
