using System.Globalization;
using ArrowQuant.Fallback;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Rendering;

/// <summary>The result of a run for people.</summary>
internal static class QuantizationText
{
    /// <summary>Prints what was made, how good it is, and what had to be replaced.</summary>
    public static void Write(ReportWriter report, QuantizationResult result)
    {
        report.Fields(
            ("quantized", result.QuantizedPath),
            ("model", $"{result.Modality}, {Strategy(result.Strategy, result.Recipe)}"),
            ("width", Width(result)),
            ("accuracy", Accuracy(result)),
            ("worst layer", $"{FigureText.Accuracy(result.WorstLayer.Value)}  {result.WorstLayer.Name}"),
            ("size", Size(result)),
            ("layers", Layers(result)),
            ("time", $"{FigureText.Number(result.QuantizationTimeS, 1)} s"));
        if (result.Attempts.Count > 1)
        {
            report.Heading("attempts");
            foreach (QuantizationAttempt attempt in result.Attempts) report.Item(Attempt(attempt));
        }

        if (Replacements(result.Fallback.Events).ToList() is { Count: > 0 } replacements)
        {
            report.Heading("fallbacks");
            foreach (string line in replacements) report.Item(line);
        }

        if (result.Notes.Count > 0)
        {
            report.Heading("notes");
            foreach (string note in result.Notes) report.Item(note);
        }
    }

    /// <summary><c>r2q + time_aware</c>, and the recipe where it is not the default.</summary>
    public static string Strategy(StrategyReport strategy, string? recipe) =>
        strategy.Method + (strategy.TimeAware ? " + time_aware" : "") + (strategy.Spatial ? " + spatial" : "")
        + (recipe is null or "strategy" ? "" : $", recipe {recipe}");

    /// <summary><c>INT2  0.9412 below 0.99  failed: why</c>.</summary>
    public static string Attempt(QuantizationAttempt attempt)
    {
        string verdict = attempt.Passed ? "passed" : "failed" + (attempt.FailureReason is null ? "" : ": " + attempt.FailureReason);
        string accuracy = $"{FigureText.Accuracy(attempt.CosineSimilarity)} for {FigureText.Accuracy(attempt.MinAccuracy)}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{FigureText.Width(attempt.BitWidth)}  {accuracy}  {verdict}  ({attempt.DurationS:0.0} s)");
    }

    private static string Width(QuantizationResult result) => result.BitWidth == result.RequestedBitWidth
        ? FigureText.Width(result.BitWidth)
        : $"{FigureText.Width(result.BitWidth)} (requested {FigureText.Width(result.RequestedBitWidth)})";

    private static string Accuracy(QuantizationResult result)
    {
        string other = result.AccuracyMetric == "output"
            ? $"; weights {FigureText.Accuracy(result.WeightCosineSimilarity)}"
            : result.OutputCosineSimilarity is { } output ? $"; outputs {FigureText.Accuracy(output)}" : "";
        string threshold = $"{result.AccuracyMetric} cosine, threshold {FigureText.Accuracy(result.MinAccuracy)}";
        return $"{FigureText.Accuracy(result.CosineSimilarity)}  ({threshold}{other})";
    }

    private static string Size(QuantizationResult result) =>
        $"{FigureText.Bytes(result.ModelSizeBytes)}  ({FigureText.Number(result.CompressionRatio)} times smaller, "
        + $"{FigureText.Number(result.BitsPerWeight)} bits per weight)";

    private static string Layers(QuantizationResult result)
    {
        string widths = string.Join(", ", result.LayersByBitWidth.Select(pair => $"INT{pair.Key} {pair.Value}"));
        string reasons = FigureText.Tally(result.Kept.Select(tensor => tensor.Reason));
        string kept = result.Kept.Count == 0 ? "" : $"; {result.Kept.Count} kept ({reasons})";
        int edges = result.Layers.Count(layer => layer.WidthReason == "edge");
        string edge = edges == 0 ? "" : $", {edges} of them edge layers";
        return $"{result.Layers.Count} quantized ({widths}{edge}){kept}";
    }

    // The same cause on many layers is one line. Steps of the width are told by the attempts.
    private static IEnumerable<string> Replacements(IEnumerable<FallbackEvent> events) => events
        .Where(happened => happened.Kind != "bit_width" || happened.Layer is not null)
        .GroupBy(happened => (happened.BitWidth, happened.From, happened.To, happened.Cause))
        .Select(group =>
        {
            string where = group.Count() == 1 && group.First().Layer is { } layer ? layer : FigureText.Count(group.Count(), "layer");
            return $"{FigureText.Width(group.Key.BitWidth)}  {group.Key.From} -> {group.Key.To} on {where}: {group.First().Message}";
        });
}
