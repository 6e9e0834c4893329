using System.Globalization;

namespace ArrowQuant.Exports.Html;

/// <summary>
/// Tables of figures: sortable by their headers where scripts run, in the order given where they do not; on a narrow screen each row
/// becomes a card whose figures carry their labels.
/// </summary>
internal static class DataTable
{
    /// <summary>A table.</summary>
    /// <param name="id">Its id in the page.</param>
    /// <param name="headers">From <see cref="Text"/> and <see cref="Number"/>.</param>
    /// <param name="rows">From <see cref="Row"/>.</param>
    public static Markup Render(string id, IReadOnlyList<Markup> headers, IEnumerable<Markup> rows) =>
        $"""
        <table class="data" id="{id}-table">
        <thead><tr>{Markup.Join(headers)}</tr></thead>
        <tbody>
        {Markup.Join(rows)}</tbody>
        </table>

        """;

    /// <summary>The header of a column of texts.</summary>
    public static Markup Text(string title) => $"""<th scope="col"><button type="button">{title}</button></th>""";

    /// <summary>The header of a column of numbers.</summary>
    public static Markup Number(string title) => $"""<th scope="col" class="n"><button type="button">{title}</button></th>""";

    /// <summary>A row.</summary>
    public static Markup Row(params IEnumerable<Markup> cells) =>
        $"""
        <tr>{Markup.Join(cells)}</tr>

        """;

    /// <summary>The cell with the name of its row.</summary>
    public static Markup Name(string label, string name) =>
        $"""<th scope="row" data-m="{label}" data-v="{name}">{HeatMapSection.Breakable(name)}</th>""";

    /// <summary>The cell with the name of its row, sorted by a number of four digits.</summary>
    public static Markup Name(string label, string name, int order) =>
        $"""<th scope="row" data-m="{label}" data-v="{order.ToString("D4", CultureInfo.InvariantCulture)}">{name}</th>""";

    /// <summary>A cell with nothing but a bar of so many per cent.</summary>
    public static Markup WideBar(double percent) =>
        $"""<td class="wide">{Drawn(percent)}</td>""";

    /// <summary>A cell with a text.</summary>
    public static Markup Cell(string label, string text, string style = "t") =>
        $"""<td class="{style}" data-m="{label}" data-v="{text}">{text}</td>""";

    /// <summary>A cell with a number that is sorted by its value.</summary>
    public static Markup Cell(string label, double value, string text, string style = "") =>
        $"""<td class="n" data-m="{label}" data-v="{value.ToString("R", CultureInfo.InvariantCulture)}">{Chip(text, style)}</td>""";

    /// <summary>A cell for a figure that there is not.</summary>
    public static Markup Missing(string label) => $"""<td class="n" data-m="{label}" data-v="">-</td>""";

    /// <summary>A cell with a share of 1 as a bar and in per cent.</summary>
    public static Markup Bar(string label, double share) =>
        $"""
        <td class="n" data-m="{label}" data-v="{share.ToString("R", CultureInfo.InvariantCulture)}">
        {Drawn(100 * share)}{100 * share:0.0} %</td>
        """;

    private static Markup Drawn(double percent) =>
        $"""
        <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="{percent:0.##}" height="10"/></svg>
        """;

    private static Markup Chip(string text, string style)
    {
        if (style.Length == 0) return $"{text}";
        return $"""<span class="chip {style}">{text}</span>""";
    }
}
