using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using ArrowQuant.Errors;

namespace ArrowQuant.Exports.Html;

/// <summary>
/// The report of an artefact as a page for people: one file that loads nothing from anywhere, with style sheet, script and drawings inside.
/// The page says in its content security policy that nothing else may run or load.
/// </summary>
public static class HtmlReport
{
    /// <summary>Makes the page from report.json, metadata.json and the rows of the shards. No weights are read.</summary>
    /// <param name="artefactFolder">The folder of the artefact, as <c>arrowquant quantize</c> published it.</param>
    /// <returns>The page, to be stored as UTF-8; equal artefacts give equal pages.</returns>
    /// <exception cref="ModelNotFoundException">There is no such folder, or a file of it is missing.</exception>
    /// <exception cref="ModelFormatException">It is not a whole artefact, or its report does not tell what is stored.</exception>
    public static string Render(string artefactFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(artefactFolder);
        return Page(ReportSource.Read(artefactFolder)).ToString();
    }

    /// <summary>The page of what was read.</summary>
    internal static Markup Page(ReportData data)
    {
        string style = Resource("report.css");
        string script = Resource("report.js");
        string policy = $"default-src 'none'; style-src '{HashOf(style)}'; script-src '{HashOf(script)}'; "
            + "base-uri 'none'; form-action 'none'";
        string title = SummarySection.ModelNameOf(data.Result.ModelPath);
        (string Id, string Title, Markup Content)[] sections =
        [
            ("layers", "Bits and accuracy by block", HeatMapSection.Render(data)),
            ("modules", "By module type", ModuleSection.Render(data)),
            ("worst", "Worst layers", LayerTableSection.Render(data)),
            ("time", "Error over time groups", TimeGroupSection.Render(data)),
            ("size", "Size", SizeSection.Render(data)),
            ("attempts", "Attempts and fallbacks", AttemptSection.Render(data)),
            ("configuration", "Configuration", ConfigurationSection.Render(data)),
            ("reproduce", "How to reproduce", ReproductionSection.Render(data)),
        ];
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{policy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{title} {SummarySection.WidthsOf(data)} - ArrowQuant report</title>
            <style>{Markup.Trusted(style)}</style>
            </head>
            <body>
            <main>
            {SummarySection.Render(data)}
            <nav aria-label="Sections">{Markup.Join(sections.Select(Link))}</nav>
            {Markup.Join(sections.Select(Section))}
            </main>
            <footer>Made by arrowquant {data.Result.ToolVersion} from report.json, metadata.json and the stored rows.
            This page loads nothing.</footer>
            <script>{Markup.Trusted(script)}</script>
            </body>
            </html>

            """;
    }

    private static Markup Link((string Id, string Title, Markup Content) section) => $"""<a href="#{section.Id}">{section.Title}</a>""";

    private static Markup Section((string Id, string Title, Markup Content) section) =>
        $"""
        <section id="{section.Id}">
        <h2>{section.Title}</h2>
        {section.Content}
        </section>

        """;

    private static string HashOf(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
