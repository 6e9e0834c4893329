using System.Diagnostics.Metrics;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Fallback;
using ArrowQuant.Reporting;

namespace ArrowQuant.Acceptance.Scenarios;

/// <summary>What the meter ArrowQuant tells. It is one for the whole process, so these tests run alone.</summary>
[Collection(nameof(MetricsTests))]
[CollectionDefinition(nameof(MetricsTests), DisableParallelization = true)]
public sealed class MetricsTests(TestModels models) : IDisposable
{
    private static readonly string[] KnownTags = ["method", "bit_width", "modality", "cause", "passed"];
    private readonly Quantizing _run = new();

    /// <summary>
    /// Metrics. Purpose: dashboards see the same rates as the result. Input: a text and an image model, 2 bits, 0.99, no calibration data,
    /// so that methods and widths fall back. Expected: tries and fallbacks by method are those of the result; tags are method, bit_width,
    /// modality and cause alone, and no value is the name of a layer; one duration for each attempt.
    /// </summary>
    [Theory]
    [InlineData("text", ModelForm.Safetensors)]
    [InlineData("text", ModelForm.V2Extended)]
    [InlineData("image", ModelForm.Safetensors)]
    [InlineData("image", ModelForm.V2Extended)]
    public async Task Meter_RunWithFallbacks_TellsTheRatesOfTheResult(string modality, ModelForm form)
    {
        List<(string Instrument, double Value, Dictionary<string, object?> Tags)> measured = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "ArrowQuant") self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();

        QuantizationResult result = await _run.RunAsync(models.Gaussian(form, modality), new() { BitWidth = 2, MinAccuracy = 0.99 });

        foreach ((string key, FallbackRate rate) in result.Fallback.Rates)
        {
            var fallbacks = measured.Where(m => m.Instrument == "arrowquant.fallbacks" && Equals(m.Tags["method"], key)).ToList();
            Assert.Equal(rate.Fallbacks, fallbacks.Sum(m => m.Value));
            Assert.All(fallbacks, m => Assert.Equal(modality, m.Tags["modality"]));
            Assert.All(fallbacks, m => Assert.Contains(m.Tags["cause"], (object[])["no_calibration_data", "below_threshold"]));
            if (key.StartsWith("int", StringComparison.Ordinal)) continue;
            var tries = measured.Where(m => m.Instrument == "arrowquant.method.tries" && Equals(m.Tags["method"], key));
            Assert.Equal(rate.Attempts, tries.Sum(m => m.Value));
        }

        Assert.Equal(result.Fallback.Events.Count, measured.Where(m => m.Instrument == "arrowquant.fallbacks").Sum(m => m.Value));
        Assert.Equal(
            result.Attempts.Select(attempt => ((object?)attempt.BitWidth, (object?)attempt.Passed)),
            measured.Where(m => m.Instrument == "arrowquant.attempt.duration").Select(m => (m.Tags["bit_width"], m.Tags["passed"])));
        Assert.All(measured, m => Assert.All(m.Tags.Keys, tag => Assert.Contains(tag, KnownTags)));
        Assert.DoesNotContain(
            measured, m => m.Tags.Values.Any(value => value is string text && text.Contains("blocks", StringComparison.Ordinal)));

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Dictionary<string, object?> copy = new(StringComparer.Ordinal);
            foreach (KeyValuePair<string, object?> tag in tags) copy.Add(tag.Key, tag.Value);
            lock (measured) measured.Add((instrument.Name, value, copy));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
