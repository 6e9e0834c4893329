using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>
/// Shows where a run stands: on a terminal a bar that is redrawn, elsewhere a line every few seconds and a sign of life when nothing is
/// reported for long. Never throws into the run.
/// </summary>
internal sealed class ProgressDisplay : IProgress<QuantizationProgress>, IDisposable
{
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MilestoneInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(30);

    private readonly DiagnosticOutput _output;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private QuantizationProgress? _latest;
    private long _latestAt;
    private long _shownAt;
    private bool _ended;

    /// <summary>Creates a display that is silent until the first report.</summary>
    public ProgressDisplay(DiagnosticOutput output, TimeProvider clock)
    {
        _output = output;
        _clock = clock;
        _shownAt = clock.GetTimestamp();
        _timer = clock.CreateTimer(_ => Guarded(Tick), null, TickInterval, TickInterval);
    }

    /// <inheritdoc/>
    public void Report(QuantizationProgress value) => Guarded(() =>
    {
        _latest = value;
        _latestAt = _clock.GetTimestamp();
        bool isLast = value.LayersDone >= value.LayersTotal;
        if (_output.Traits.IsTerminal ? isLast || SinceShown >= RedrawInterval : SinceShown >= MilestoneInterval) Show(value);
    });

    /// <summary>Removes the bar.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        Guarded(() =>
        {
            _ended = true;
            if (_output.Traits.IsTerminal) _output.Status("");
        });
    }

    private TimeSpan SinceShown => _clock.GetElapsedTime(_shownAt);

    private void Tick()
    {
        if (_latest is { } latest && (_output.Traits.IsTerminal || SinceShown >= HeartbeatInterval)) Show(latest);
    }

    private void Show(QuantizationProgress progress)
    {
        // Time goes on between reports; the other figures are those of the last one.
        TimeSpan elapsed = progress.Elapsed + _clock.GetElapsedTime(_latestAt);
        if (_output.Traits.IsTerminal) _output.Status(ProgressText.Bar(progress, elapsed));
        else _output.Line(ProgressText.Milestone(progress, elapsed));
        _shownAt = _clock.GetTimestamp();
    }

    // A display that cannot write, for whatever reason, must not end hours of work: it goes silent.
    private void Guarded(Action action)
    {
        lock (_lock)
        {
            if (_ended) return;
            try
            {
                action();
            }
            catch (Exception)
            {
                _ended = true;
            }
        }
    }
}
