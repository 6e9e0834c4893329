using System.Globalization;
using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>Where the bytes of the artefact are.</summary>
internal static class SizeSection
{
    /// <summary>Before and after, and the parts.</summary>
    public static Markup Render(ReportData data)
    {
        QuantizationResult result = data.Result;
        long source = SourceBytesOf(result);
        List<(string What, long Bytes)> parts = PartsOf(data);
        long most = Math.Max(1, parts.Max(part => part.Bytes));
        return $"""
            <table class="data plain" id="before-table">
            <tbody>
            {Part("original tensors", source, source)}{Part("stored shards", result.ModelSizeBytes, source)}</tbody>
            </table>
            <h3>What is in the shards</h3>
            <table class="data plain" id="parts-table">
            <tbody>
            {Markup.Join(parts.Select(part => Part(part.What, part.Bytes, most)))}</tbody>
            </table>
            <p class="hint">The parts add up to {FigureText.Bytes(result.ModelSizeBytes)} in {FigureText.Count(data.Metadata.Shards.Count, "shard")}.
            Kept tensors are {Percent(data.Kept.Sum(tensor => tensor.Bytes), result.ModelSizeBytes)} of it.</p>
            """;
    }

    /// <summary>Bytes of all source tensors, from the ratio that the report states.</summary>
    public static long SourceBytesOf(QuantizationResult result) => (long)Math.Round(result.CompressionRatio * result.ModelSizeBytes);

    /// <summary>A count in thousands or millions: <c>36.9 k</c>, <c>2.8 M</c>.</summary>
    public static string Amount(long count) => count switch
    {
        >= 1_000_000_000 => Scaled(count / 1e9, "G"),
        >= 1_000_000 => Scaled(count / 1e6, "M"),
        >= 1_000 => Scaled(count / 1e3, "k"),
        _ => count.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>
    /// The parts: they add up to the bytes of the shards. What is left beside codes and kept values, as they are stored, is scales, zero
    /// points, levels, documents and footers, all compressed.
    /// </summary>
    internal static List<(string What, long Bytes)> PartsOf(ReportData data)
    {
        List<(string What, long Bytes)> parts =
        [
            .. data.Layers.GroupBy(layer => layer.Report.BitWidth).OrderBy(width => width.Key)
                .Select(width => ($"packed codes, {FigureText.Width(width.Key)}", width.Sum(layer => layer.CodeBytes))),
            .. data.Kept.GroupBy(tensor => tensor.Report.Reason, StringComparer.Ordinal)
                .Select(reason => ($"kept tensors, {reason.Key}", reason.Sum(tensor => tensor.Bytes)))
                .OrderByDescending(part => part.Item2),
        ];
        long left = data.Result.ModelSizeBytes - parts.Sum(part => part.Bytes);
        parts.Add(("scales, zero points, levels, statistics, footers (compressed)", left));
        return parts;
    }

    private static string Scaled(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {unit}");

    private static string Percent(long part, long whole) =>
        string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / Math.Max(1, whole):0.0} %");

    private static Markup Part(string what, long bytes, long most) => DataTable.Row(
        DataTable.Name("part", what),
        DataTable.Cell("bytes", bytes, $"{(bytes < 0 ? "-" : "")}{FigureText.Bytes(Math.Abs(bytes))}"),
        DataTable.WideBar(100.0 * Math.Max(0, bytes) / Math.Max(1, most)));
}
