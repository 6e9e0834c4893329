using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>The layers with the lowest accuracy, and all of them.</summary>
internal static class LayerTableSection
{
    private const int WorstShown = 10;

    /// <summary>Both tables; one when there are few layers.</summary>
    public static Markup Render(ReportData data)
    {
        ReportedLayer[] ordered = [.. data.Layers.OrderBy(layer => layer.Judged)];
        Markup worst = Table("worst", data, ordered.Take(WorstShown));
        if (ordered.Length <= WorstShown) return worst;
        return $"""
            {worst}
            <details>
            <summary>All {ordered.Length} layers</summary>
            <p class="filter"><label>Show names with <input type="search" id="filter" autocomplete="off" spellcheck="false"></label></p>
            {Table("all", data, data.Layers)}
            </details>
            """;
    }

    private static Markup Table(string id, ReportData data, IEnumerable<ReportedLayer> layers)
    {
        bool hasOutputs = data.Layers.Any(layer => layer.Report.OutputCosineSimilarity is not null);
        List<Markup> headers = [DataTable.Text("layer"), DataTable.Text("shape"), DataTable.Number("bits"), DataTable.Text("method")];
        if (hasOutputs) headers.AddRange([DataTable.Number("output cosine"), DataTable.Number("output error")]);
        headers.AddRange(
        [
            DataTable.Number("weight cosine"), DataTable.Number("SQNR, dB"), DataTable.Number("gain"), DataTable.Number("bits per weight"),
            DataTable.Number("bytes"),
        ]);
        return DataTable.Render(id, headers, layers.Select(layer => Row(layer.Report, hasOutputs, data)));
    }

    private static Markup Row(LayerReport layer, bool hasOutputs, ReportData data)
    {
        List<Markup> cells =
        [
            DataTable.Name("layer", layer.Name),
            DataTable.Cell("shape", FigureText.Shape(layer.Shape), "s"),
            DataTable.Cell("bits", layer.BitWidth, FigureText.Width(layer.BitWidth)),
            DataTable.Cell("method", MethodOf(layer)),
        ];
        if (hasOutputs)
        {
            cells.Add(Accuracy("output cosine", layer.OutputCosineSimilarity, data.ByOutputs ? data.Scale : null));
            cells.Add(Optional("output error", layer.OutputError, layer.OutputError?.ToString("0.######") ?? ""));
        }

        cells.Add(Accuracy("weight cosine", layer.CosineSimilarity, data.ByOutputs ? null : data.Scale));
        cells.Add(Optional("SQNR, dB", layer.SqnrDb, FigureText.Number(layer.SqnrDb ?? 0, 1)));
        cells.Add(DataTable.Cell("gain", layer.Gain, FigureText.Number(layer.Gain, 3)));
        cells.Add(DataTable.Cell("bits per weight", layer.Bpw, FigureText.Number(layer.Bpw)));
        cells.Add(DataTable.Cell("bytes", layer.Bytes, FigureText.Bytes(layer.Bytes)));
        return DataTable.Row(cells);
    }

    private static string MethodOf(LayerReport layer) =>
        $"{layer.Method}{(layer.Enhancement == "none" ? "" : " + " + layer.Enhancement)}, {layer.Layout}"
        + (layer.ChannelEqualization == true ? ", equalized" : "");

    private static Markup Accuracy(string label, double? value, HeatScale? scale) => value is { } accuracy
        ? DataTable.Cell(label, accuracy, FigureText.Accuracy(accuracy), scale?.ClassOf(accuracy) ?? "")
        : DataTable.Missing(label);

    private static Markup Optional(string label, double? value, string text) =>
        value is { } number ? DataTable.Cell(label, number, text) : DataTable.Missing(label);
}
