namespace ArrowQuant.Fallback;

/// <summary>Keeps the events of a run in order and counts tries and replacements per key.</summary>
internal sealed class FallbackLog
{
    private readonly List<FallbackEvent> _events = [];
    private readonly SortedDictionary<string, FallbackRate> _rates = new(StringComparer.Ordinal);

    /// <summary>Every event so far, in order.</summary>
    public IReadOnlyList<FallbackEvent> Events => _events;

    /// <summary>Counts by key, in ordinal order of the keys.</summary>
    public IReadOnlyDictionary<string, FallbackRate> Rates => _rates;

    /// <summary>The key of a step from one width to the next: <c>int2_to_int4</c>.</summary>
    public static string StepKey(int bitWidth) => $"int{bitWidth}_to_int{2 * bitWidth}";

    /// <summary>Counts one try of a method, an enhancement or a width that could fall back.</summary>
    public void Tried(string key)
    {
        FallbackRate rate = _rates.GetValueOrDefault(key) ?? new FallbackRate(0, 0);
        _rates[key] = rate with { Attempts = rate.Attempts + 1 };
    }

    /// <summary>Records that the try under <paramref name="key"/> failed and was replaced.</summary>
    public void FellBack(string key, FallbackEvent happened)
    {
        FallbackRate rate = _rates.GetValueOrDefault(key) ?? new FallbackRate(0, 0);
        _rates[key] = rate with { Fallbacks = rate.Fallbacks + 1 };
        _events.Add(happened);
    }
}
