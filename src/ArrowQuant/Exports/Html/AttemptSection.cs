using ArrowQuant.Fallback;
using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>Every width that was tried, and everything that was replaced, with its cause.</summary>
internal static class AttemptSection
{
    private const int LayersListed = 200;

    /// <summary>Attempts, fallbacks by cause, rates.</summary>
    public static Markup Render(ReportData data)
    {
        FallbackReport fallback = data.Result.Fallback;
        return $"""
            <ol class="attempts">
            {Markup.Join(data.Result.Attempts.Select(Attempt))}</ol>
            <h3>Fallbacks</h3>
            {(fallback.Events.Count == 0 ? NoFallbacks() : Events(fallback.Events))}
            {(fallback.Rates.Count == 0 ? Markup.None : Rates(fallback.Rates))}
            """;
    }

    private static Markup NoFallbacks() => $"<p>None: every layer has the method, enhancement and width that were planned.</p>";

    private static Markup Attempt(QuantizationAttempt attempt) =>
        $"""
        <li class="{(attempt.Passed ? "passed" : "failed")}"><b>{FigureText.Width(attempt.BitWidth)}</b>
        <span class="verdict">{(attempt.Passed ? "passed" : "failed")}</span>
        accuracy {FigureText.Accuracy(attempt.CosineSimilarity)} for {FigureText.Accuracy(attempt.MinAccuracy)},
        {FigureText.Count(attempt.LayersMeasured, "layer")} measured,
        {FigureText.Number(attempt.DurationS, 1)} s{Reason(attempt.FailureReason)}</li>

        """;

    private static Markup Reason(string? reason) => reason is null ? Markup.None : $"<p>{reason}</p>";

    private static Markup Events(IReadOnlyList<FallbackEvent> events) => Markup.Join(events
        .GroupBy(happened => (happened.Kind, happened.From, happened.To, happened.Cause, happened.BitWidth))
        .Select(same => Cause([.. same])));

    private static Markup Cause(IReadOnlyList<FallbackEvent> same)
    {
        FallbackEvent first = same[0];
        string width = FigureText.Width(first.BitWidth);
        string[] layers = [.. same.Select(happened => happened.Layer).OfType<string>()];
        string what = layers.Length == 0 ? "whole model" : FigureText.Count(layers.Length, "layer");
        return $"""
            <article class="cause">
            <p><b>{first.From} &rarr; {first.To}</b> {first.Kind.Replace('_', ' ')}, in the {width} attempt, {what}</p>
            <p>Cause: <code>{first.Cause}</code></p>
            <p class="message">{(same.Count > 1 ? "First message: " : "")}{first.Message}</p>
            {(layers.Length == 0 ? Markup.None : Layers(layers))}
            </article>

            """;
    }

    private static Markup Layers(string[] layers) =>
        $"""
        <details><summary>{FigureText.Count(layers.Length, "layer")}</summary><ul class="names">
        {Markup.Join(layers.Take(LayersListed).Select(LayerItem))}
        {(layers.Length > LayersListed ? More(layers.Length - LayersListed) : Markup.None)}</ul></details>
        """;

    private static Markup LayerItem(string layer) => $"<li>{HeatMapSection.Breakable(layer)}</li>\n";

    private static Markup More(int count) => $"<li>and {count} more, in report.json</li>\n";

    private static Markup Rates(IReadOnlyDictionary<string, FallbackRate> rates) =>
        $"""
        <h3>How often</h3>
        {DataTable.Render(
            "rates",
            [DataTable.Text("what"), DataTable.Number("tried"), DataTable.Number("replaced"), DataTable.Number("rate")],
            rates.OrderBy(rate => rate.Key, StringComparer.Ordinal).Select(rate => DataTable.Row(
                DataTable.Name("what", rate.Key),
                DataTable.Cell("tried", rate.Value.Attempts, $"{rate.Value.Attempts}"),
                DataTable.Cell("replaced", rate.Value.Fallbacks, $"{rate.Value.Fallbacks}"),
                DataTable.Bar("rate", rate.Value.Rate))))}
        """;
}
