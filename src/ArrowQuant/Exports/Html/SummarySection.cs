using ArrowQuant.Configuration;
using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>The head of the page: what it is, whether it passed, and the figures that matter.</summary>
internal static class SummarySection
{
    /// <summary>The head.</summary>
    public static Markup Render(ReportData data)
    {
        QuantizationResult result = data.Result;
        return $"""
            <header>
            <p class="kind">ArrowQuant report</p>
            <h1>{ModelNameOf(result.ModelPath)}</h1>
            <p class="lead"><strong>{WidthsOf(data)}</strong>, {result.CompressionRatio:0.00} times smaller,
            {data.MetricName} <strong>{FigureText.Accuracy(result.CosineSimilarity)}</strong>. {Verdict(data)}</p>
            <dl class="tiles">
            {Tile(FigureText.Accuracy(result.CosineSimilarity), $"mean {data.MetricName}", ThresholdOf(data))}
            {Tile(FigureText.Accuracy(result.WorstLayer.Value), "worst layer", result.WorstLayer.Name)}
            {Tile(FigureText.Bytes(result.ModelSizeBytes), "stored", $"from {FigureText.Bytes(SizeSection.SourceBytesOf(result))}")}
            {Tile(FigureText.Number(result.BitsPerWeight), "bits per quantized weight", "scales and everything else counted")}
            {Tile($"{result.Layers.Count}", "layers quantized", Widths(result))}
            {Tile($"{data.Kept.Count}", "tensors kept", FigureText.Tally(result.Kept.Select(tensor => tensor.Reason)))}
            {Tile($"{result.Fallback.Events.Count}", "fallbacks", FallbacksOf(result))}
            {Tile($"{FigureText.Number(result.QuantizationTimeS, 1)} s", "to quantize", FigureText.Count(result.Attempts.Count, "attempt"))}
            </dl>
            <dl class="facts">
            <dt>Model</dt><dd>{result.ModelPath} ({data.Metadata.ModelType ?? "type not stated"}, {result.Modality})</dd>
            <dt>Strategy</dt><dd>{StrategyOf(result.Strategy)}</dd>
            <dt>Other measures</dt><dd>{OtherMeasures(data)}</dd>
            </dl>
            {Notes(result)}
            </header>
            """;
    }

    /// <summary>The last part of the path of a model: what people call it.</summary>
    public static string ModelNameOf(string path)
    {
        string name = path.TrimEnd('/', '\\');
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        return name.Length > 0 ? name : path;
    }

    /// <summary><c>INT4</c>; <c>INT2 and INT4</c> for a mix.</summary>
    public static string WidthsOf(ReportData data) =>
        string.Join(" and ", data.Layers.Select(layer => layer.Report.BitWidth).Distinct().Order().Select(FigureText.Width));

    private static Markup Tile(string figure, string what, string more) =>
        $"""<div><dt>{what}</dt><dd><b>{figure}</b><span>{more}</span></dd></div>""";

    private static string ThresholdOf(ReportData data) => data.Config?.FallbackScope == FallbackScope.Layer
        ? "every layer judged on its own"
        : $"threshold {FigureText.Accuracy(data.Result.MinAccuracy)}";

    private static Markup Verdict(ReportData data)
    {
        QuantizationResult result = data.Result;
        if (data.Config?.FallbackScope == FallbackScope.Layer)
            return $"Every layer passed the threshold of its width, beginning with {FigureText.Accuracy(data.Config.MinAccuracy)}.";
        string asked = result.BitWidth == result.RequestedBitWidth
            ? ""
            : $" {FigureText.Width(result.RequestedBitWidth)} was asked for and did not pass.";
        return $"It passed its threshold, {FigureText.Accuracy(result.MinAccuracy)}.{asked}";
    }

    private static string Widths(QuantizationResult result) =>
        string.Join(", ", result.LayersByBitWidth.Select(pair => $"INT{pair.Key}: {pair.Value}"));

    private static string FallbacksOf(QuantizationResult result) => result.Fallback.Events.Count == 0
        ? "everything as planned"
        : FigureText.Tally(result.Fallback.Events.Select(happened => happened.Kind.Replace('_', ' ')));

    private static string StrategyOf(StrategyReport strategy) =>
        strategy.Method + (strategy.TimeAware ? " + time_aware" : "") + (strategy.Spatial ? " + spatial" : "");

    private static string OtherMeasures(ReportData data)
    {
        string sqnr = data.Result.SqnrDb is { } decibels ? $", SQNR {FigureText.Number(decibels, 1)} dB" : "";
        return $"{OtherMean(data)}; NMSE {FigureText.Number(data.Result.Nmse, 6)}{sqnr}";
    }

    private static string OtherMean(ReportData data)
    {
        if (data.ByOutputs) return $"mean weight cosine {FigureText.Accuracy(data.Result.WeightCosineSimilarity)}";
        return data.Result.OutputCosineSimilarity is { } outputs
            ? $"mean output cosine {FigureText.Accuracy(outputs)}"
            : "outputs were not measured (no calibration data for every layer)";
    }

    private static Markup Notes(QuantizationResult result) => result.Notes.Count == 0
        ? Markup.None
        : $"""<ul class="notes">{Markup.Join(result.Notes.Select(NoteItem))}</ul>""";

    private static Markup NoteItem(string note) => $"<li>{note}</li>";
}
