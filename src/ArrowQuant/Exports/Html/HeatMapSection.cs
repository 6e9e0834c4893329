using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>Bits and accuracy of every layer, one row for each block, one column for each module type.</summary>
internal static class HeatMapSection
{
    // More columns do not fit beside one another; such blocks are shown as a list of cells.
    private const int MostColumns = 12;

    /// <summary>The maps, one for each kind of block, and the layers outside of blocks.</summary>
    public static Markup Render(ReportData data)
    {
        Family[] families = [.. data.Layers.GroupBy(layer => layer.Place.Family, StringComparer.Ordinal).Select(Family.Of)];
        Markup maps = Markup.Join(families.Where(family => family.IsTable).Select(family => Table(family, data.Scale)));
        string title = families.Any(family => family.IsTable) ? "other layers" : "layers";
        ReportedLayer[] others = [.. families.Where(family => !family.IsTable).SelectMany(family => family.Layers)];
        return $"""
            <fieldset class="choice"><legend>Colour by</legend>
            <label><input type="radio" name="colour" id="by-accuracy" checked>accuracy</label>
            <label><input type="radio" name="colour" id="by-bits">bits</label>
            </fieldset>
            {data.Scale.Legend()}
            <p class="legend by-bits"><span class="b2">INT2</span><span class="b4">INT4</span><span class="b8">INT8</span></p>
            <p class="hint">Each cell: {data.MetricName} of the layer, and its width. Digits are cut, not rounded.</p>
            {maps}
            {(others.Length == 0 ? Markup.None : Others(others, title, data.Scale))}
            """;
    }

    private static Markup Table(Family family, HeatScale scale) =>
        $"""
        <h3>{family.Name}
        <small>{FigureText.Count(family.Blocks.Count, "block")}, {FigureText.Count(family.Layers.Count, "layer")}</small></h3>
        <table class="heat">
        <thead><tr><th scope="col">block</th>{Markup.Join(family.Columns.Select(Header))}</tr></thead>
        <tbody>
        {Markup.Join(family.Blocks.Select(block => Row(block, family.Columns, scale)))}</tbody>
        </table>

        """;

    private static Markup Header(string module) => $"""<th scope="col">{Breakable(module)}</th>""";

    private static Markup Row(IGrouping<string, ReportedLayer> block, IReadOnlyList<string> columns, HeatScale scale)
    {
        ILookup<string, ReportedLayer> byModule = block.ToLookup(layer => layer.Place.Module, StringComparer.Ordinal);
        IEnumerable<Markup> cells = columns.Select(column => byModule[column].FirstOrDefault() is { } layer
            ? Cell(layer, column, scale)
            : $"""<td class="none"></td>""");
        return $"""
            <tr><th scope="row">{Breakable(block.Key)}</th>{Markup.Join(cells)}</tr>

            """;
    }

    private static Markup Cell(ReportedLayer layer, string label, HeatScale scale) =>
        $"""<td class="{scale.ClassOf(layer.Judged)} b{layer.Report.BitWidth}" data-m="{label}">{Figures(layer)}</td>""";

    private static Markup Figures(ReportedLayer layer) =>
        $"<b>{HeatScale.Short(layer.Judged)}</b><i>{FigureText.Width(layer.Report.BitWidth)}</i>";

    private static Markup Others(ReportedLayer[] layers, string title, HeatScale scale) =>
        $"""
        <h3>{title} <small>{FigureText.Count(layers.Length, "layer")}</small></h3>
        <ul class="cells">
        {Markup.Join(layers.Select(layer => Item(layer, scale)))}</ul>

        """;

    private static Markup Item(ReportedLayer layer, HeatScale scale)
    {
        string name = layer.Place.Block.Length == 0 ? layer.Place.Module : $"{layer.Place.Block}.{layer.Place.Module}";
        return $"""
            <li class="{scale.ClassOf(layer.Judged)} b{layer.Report.BitWidth}"><span>{Breakable(name)}</span>{Figures(layer)}</li>

            """;
    }

    /// <summary>A name that may be broken after its dots, underscores and slashes.</summary>
    public static Markup Breakable(string name)
    {
        Markup broken = new(name.Length, 0);
        int start = 0;
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] is not ('.' or '_' or '/') || i + 1 == name.Length) continue;
            broken.AppendFormatted(name[start..(i + 1)]);
            broken.AppendLiteral("<wbr>");
            start = i + 1;
        }

        broken.AppendFormatted(name[start..]);
        return broken;
    }

    private sealed record Family(
        string Name, IReadOnlyList<ReportedLayer> Layers, IReadOnlyList<string> Columns,
        IReadOnlyList<IGrouping<string, ReportedLayer>> Blocks)
    {
        public bool IsTable => Name.Length > 0 && Columns.Count is > 1 and <= MostColumns;

        public static Family Of(IGrouping<string, ReportedLayer> family) => new(
            family.Key,
            [.. family],
            [.. family.Select(layer => layer.Place.Module).Distinct(StringComparer.Ordinal)],
            [.. family.GroupBy(layer => layer.Place.Block, StringComparer.Ordinal)
                .OrderBy(block => block.Key, Comparer<string>.Create(LayerPlace.CompareBlocks))]);
    }
}
