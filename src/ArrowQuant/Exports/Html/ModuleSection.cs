using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>What each module type costs and how well it does.</summary>
internal static class ModuleSection
{
    /// <summary>The table, largest first.</summary>
    public static Markup Render(ReportData data)
    {
        long all = data.Layers.Sum(layer => layer.Report.Bytes);
        IEnumerable<Markup> rows = data.Layers
            .GroupBy(layer => layer.Place.Family.Length == 0 ? "" : layer.Place.Module, StringComparer.Ordinal)
            .OrderByDescending(module => module.Sum(layer => layer.Report.Bytes)).ThenBy(module => module.Key, StringComparer.Ordinal)
            .Select(module => Row(module.Key, [.. module], all, data.Scale));
        return DataTable.Render(
            "modules",
            [
                DataTable.Text("module"), DataTable.Number("layers"), DataTable.Number("weights"), DataTable.Number("bits per weight"),
                DataTable.Number("bytes"), DataTable.Number("share"), DataTable.Number("mean " + data.MetricName),
                DataTable.Number("lowest"),
            ],
            rows);
    }

    private static Markup Row(string module, IReadOnlyList<ReportedLayer> layers, long all, HeatScale scale)
    {
        long bytes = layers.Sum(layer => layer.Report.Bytes);
        long weights = layers.Sum(layer => layer.Weights);
        double mean = layers.Average(layer => layer.Judged);
        double worst = layers.Min(layer => layer.Judged);
        double share = all == 0 ? 0 : (double)bytes / all;
        return DataTable.Row(
            DataTable.Name("module", module.Length == 0 ? "outside of blocks" : module),
            DataTable.Cell("layers", layers.Count, $"{layers.Count}"),
            DataTable.Cell("weights", weights, SizeSection.Amount(weights)),
            DataTable.Cell("bits per weight", 8.0 * bytes / Math.Max(1, weights), FigureText.Number(8.0 * bytes / Math.Max(1, weights))),
            DataTable.Cell("bytes", bytes, FigureText.Bytes(bytes)),
            DataTable.Bar("share", share),
            DataTable.Cell("mean", mean, HeatScale.Short(mean), scale.ClassOf(mean)),
            DataTable.Cell("lowest", worst, HeatScale.Short(worst), scale.ClassOf(worst)));
    }
}
