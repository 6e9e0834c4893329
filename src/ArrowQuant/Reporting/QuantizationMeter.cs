using System.Diagnostics.Metrics;

namespace ArrowQuant.Reporting;

/// <summary>
/// The meter <c>ArrowQuant</c>. Tags: method, bit_width, modality, cause; never a layer name, which would have no bound.
/// </summary>
internal sealed class QuantizationMeter : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "ArrowQuant";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _tries;
    private readonly Counter<long> _fallbacks;
    private readonly Histogram<double> _attempts;

    /// <summary>Creates the instruments.</summary>
    public QuantizationMeter()
    {
        _tries = _meter.CreateCounter<long>("arrowquant.method.tries", "{layer}", "Layers that a method or enhancement was tried on");
        _fallbacks = _meter.CreateCounter<long>("arrowquant.fallbacks", "{fallback}",
            "Methods, enhancements and widths that were replaced");
        _attempts = _meter.CreateHistogram<double>("arrowquant.attempt.duration", "s", "Duration of attempts at one width");
    }

    /// <summary>Counts a try.</summary>
    public void Tried(string method, int bitWidth, string modality) =>
        _tries.Add(1, new("method", method), new("bit_width", bitWidth), new("modality", modality));

    /// <summary>Counts a replacement.</summary>
    public void FellBack(string method, int bitWidth, string modality, string cause) =>
        _fallbacks.Add(1, new("method", method), new("bit_width", bitWidth), new("modality", modality), new("cause", cause));

    /// <summary>Records an attempt.</summary>
    public void Attempted(int bitWidth, string modality, bool passed, double seconds) =>
        _attempts.Record(seconds, new("bit_width", bitWidth), new("modality", modality), new("passed", passed));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
