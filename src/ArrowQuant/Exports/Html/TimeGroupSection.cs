using System.Globalization;
using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>How the error of outputs goes over the time groups: all layers together, and the worst ones.</summary>
internal static class TimeGroupSection
{
    private const int LayersDrawn = 4;

    /// <summary>The chart and its numbers.</summary>
    public static Markup Render(ReportData data)
    {
        // Layers may have fewer groups than others, where rows are missing; curves are compared where they have the same groups.
        IGrouping<int, ReportedLayer>? most = data.Layers.Where(layer => layer.Report.TimeGroupErrors.Count > 1)
            .GroupBy(layer => layer.Report.TimeGroupErrors.Count)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key).FirstOrDefault();
        if (most is null) return $"<p>Not measured: that needs calibration data with timesteps, for at least two time groups.</p>";

        ReportedLayer[] layers = [.. most];
        ReportedLayer[] worst = [.. layers.OrderByDescending(layer => layer.Report.TimeGroupErrors.Max()).Take(LayersDrawn)];
        string[]? timesteps = TimestepsOf(layers, most.Key);
        string[] labels = timesteps ?? [.. Enumerable.Range(1, most.Key).Select(group => $"{group}")];
        string kind = timesteps is null ? "group" : "timesteps";
        ErrorCurves curves = new(
            labels,
            [.. Enumerable.Range(0, most.Key).Select(g => Errors(layers, g).Order().ToArray())],
            [.. worst.Select(layer => layer.Report.TimeGroupErrors)]);
        string missing = layers.Length == data.Layers.Count
            ? ""
            : $" {FigureText.Count(data.Layers.Count - layers.Length, "layer")} with another number of groups, or none, are left out.";
        return $"""
            <p class="hint">Squared error of a layer's outputs over their squared norm, on held-out rows: 0.01 is 1 % of the energy.
            Groups in ascending order of timesteps.{missing}</p>
            {curves.Render()}
            <ol class="curves">
            {Markup.Join(worst.Select(Legend))}</ol>
            {DataTable.Render(
                "groups",
                [
                    DataTable.Text(kind), DataTable.Number("median error"), DataTable.Number("largest error"), DataTable.Text("of layer"),
                ],
                Enumerable.Range(0, most.Key).Select(g => Row(layers, g, $"{kind} {labels[g]}")))}
            """;
    }

    private static IEnumerable<double> Errors(IEnumerable<ReportedLayer> layers, int group) =>
        layers.Select(layer => layer.Report.TimeGroupErrors[group]);

    // Null where the rows do not say which timesteps a group has, or layers differ.
    private static string[]? TimestepsOf(ReportedLayer[] layers, int groups)
    {
        IReadOnlyList<(int First, int End)>[] known =
            [.. layers.Select(layer => layer.TimeRanges).Where(ranges => ranges.Count > 0)];
        bool isShared = known.Length > 0 && known[0].Count == groups && known.All(ranges => ranges.SequenceEqual(known[0]));
        return isShared ? [.. known[0].Select(range => $"{range.First}-{range.End - 1}")] : null;
    }

    private static Markup Legend(ReportedLayer layer) =>
        $"""
        <li><span>{HeatMapSection.Breakable(layer.Report.Name)}</span>
        {Short(layer.Report.TimeGroupErrors.Min())} to {Short(layer.Report.TimeGroupErrors.Max())}</li>

        """;

    private static Markup Row(ReportedLayer[] layers, int group, string label)
    {
        double[] errors = [.. Errors(layers, group).Order()];
        ReportedLayer worst = layers.MaxBy(layer => layer.Report.TimeGroupErrors[group])!;
        return DataTable.Row(
            DataTable.Name("group", label, group),
            DataTable.Cell("median error", ErrorCurves.Quantile(errors, 0.5), Short(ErrorCurves.Quantile(errors, 0.5))),
            DataTable.Cell("largest error", errors[^1], Short(errors[^1])),
            DataTable.Cell("of layer", worst.Report.Name, "t layer"));
    }

    private static string Short(double error) =>
        error.ToString(error >= 0.001 ? "0.####" : "0.##e+0", CultureInfo.InvariantCulture);
}
