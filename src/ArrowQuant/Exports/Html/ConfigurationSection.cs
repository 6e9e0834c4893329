using ArrowQuant.Configuration;
using ArrowQuant.Reporting;

namespace ArrowQuant.Exports.Html;

/// <summary>Every setting, those that differ from their defaults first, and every tensor that was kept.</summary>
internal static class ConfigurationSection
{
    /// <summary>The settings and the kept tensors.</summary>
    public static Markup Render(ReportData data)
    {
        if (data.Config is not { } config) return $"<p>The artefact does not hold its configuration.</p>{Kept(data)}";
        DiffusionQuantConfig defaults = new();
        ILookup<bool, ConfigurationSetting> settings =
            ConfigurationSettings.All.ToLookup(setting => !setting.HasSameValue(config, defaults));
        string others = settings[true].Any()
            ? $"The other {settings[false].Count()} settings have their defaults"
            : "Every setting has its default";
        return $"""
            {(settings[true].Any() ? Settings(settings[true], config, "changed") : Markup.None)}
            <details><summary>{others}</summary>
            {Settings(settings[false], config, "unchanged")}
            </details>
            {Kept(data)}
            """;
    }

    private static Markup Settings(IEnumerable<ConfigurationSetting> settings, DiffusionQuantConfig config, string style) =>
        $"""
        <dl class="settings {style}">
        {Markup.Join(settings.Select(setting => Setting(setting, config)))}</dl>
        """;

    private static Markup Setting(ConfigurationSetting setting, DiffusionQuantConfig config)
    {
        string value = setting.Format(config);
        return $"""
            <div><dt><code>{setting.Name}</code></dt>
            <dd><code>{(value.Length == 0 ? "empty" : value)}</code><span>{setting.Meaning}</span></dd></div>

            """;
    }

    private static Markup Kept(ReportData data) => data.Kept.Count == 0
        ? Markup.None
        : $"""
            <details>
            <summary>{FigureText.Count(data.Kept.Count, "tensor")} kept as {(data.Kept.Count == 1 ? "it was" : "they were")}</summary>
            {DataTable.Render(
                "kept",
                [DataTable.Text("tensor"), DataTable.Text("shape"), DataTable.Text("type"), DataTable.Text("reason"),
                    DataTable.Number("bytes")],
                data.Kept.Select(tensor => DataTable.Row(
                    DataTable.Name("tensor", tensor.Report.Name),
                    DataTable.Cell("shape", FigureText.Shape(tensor.Report.Shape), "s"),
                    DataTable.Cell("type", tensor.Report.Dtype),
                    DataTable.Cell("reason", tensor.Report.Reason),
                    DataTable.Cell("bytes", tensor.Bytes, FigureText.Bytes(tensor.Bytes)))))}
            </details>
            """;
}
