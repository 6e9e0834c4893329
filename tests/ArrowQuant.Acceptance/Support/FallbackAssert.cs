using ArrowQuant.Fallback;
using ArrowQuant.Reporting;

namespace ArrowQuant.Acceptance.Support;

/// <summary>What must hold of every account of attempts and fallbacks.</summary>
public static class FallbackAssert
{
    /// <summary>Widths and outcomes of the attempts are these, and each later attempt is more accurate than the one before.</summary>
    public static void Attempts(
        IReadOnlyList<QuantizationAttempt> attempts, params (int BitWidth, double MinAccuracy, bool Passed)[] expected)
    {
        Assert.Equal(expected, attempts.Select(attempt => (attempt.BitWidth, attempt.MinAccuracy, attempt.Passed)));
        for (int i = 1; i < attempts.Count; i++)
        {
            double earlier = attempts[i - 1].CosineSimilarity;
            Assert.True(attempts[i].CosineSimilarity > earlier,
                $"INT{attempts[i].BitWidth} reached {attempts[i].CosineSimilarity}, INT{attempts[i - 1].BitWidth} before it {earlier}");
        }

        Assert.All(attempts, attempt => Assert.Equal(attempt.Passed, attempt.FailureReason is null));
    }

    /// <summary>Rates agree with events: every event counts once under the key of what it replaced, and nothing else counts.</summary>
    public static void RatesAddUp(IReadOnlyList<FallbackEvent> events, IReadOnlyDictionary<string, FallbackRate> rates)
    {
        Assert.Equal(events.Count, rates.Values.Sum(rate => rate.Fallbacks));
        foreach ((string key, FallbackRate rate) in rates)
        {
            Assert.Contains(key, (string[])["r2q", "gptq", "time_aware", "spatial", "int2_to_int4", "int4_to_int8"]);
            Assert.Equal(events.Count(happened => KeyOf(happened) == key), rate.Fallbacks);
            Assert.InRange(rate.Fallbacks, 0, rate.Attempts);
            Assert.Equal((double)rate.Fallbacks / rate.Attempts, rate.Rate);
        }

        Assert.All(events, happened => Assert.Contains(KeyOf(happened), rates.Keys));
    }

    /// <summary>Rates of a result, which also tell how often each method was tried.</summary>
    public static void RatesAddUp(QuantizationResult result) => RatesAddUp(result.Fallback.Events, result.Fallback.Rates);

    /// <summary>The events of one kind.</summary>
    public static IReadOnlyList<FallbackEvent> OfKind(IReadOnlyList<FallbackEvent> events, string kind) =>
        [.. events.Where(happened => happened.Kind == kind)];

    private static string KeyOf(FallbackEvent happened) =>
        happened.Kind == "bit_width" ? $"{happened.From}_to_{happened.To}" : happened.From;
}
