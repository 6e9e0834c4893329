using System.Text;
using Spectre.Console;

namespace ArrowQuant.Cli.Rendering;

/// <summary>Results for people: label and value lines, and tables.</summary>
internal sealed class ReportWriter
{
    private readonly IAnsiConsole _console;

    public ReportWriter(TextWriter writer, TerminalTraits traits)
    {
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = traits.HasColour ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = traits.HasColour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new PlainOutput(writer, traits),
        });
        _console.Profile.Capabilities.Links = false;
    }

    /// <summary>Prints labels and values in two columns; a line whose value is null is left out.</summary>
    public void Fields(params IReadOnlyList<(string Label, string? Value)> fields)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2));
        grid.AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        foreach ((string label, string? value) in fields)
        {
            if (value is not null) grid.AddRow(new Text(label, new Style(decoration: Decoration.Bold)), new Text(OneLine.Of(value)));
        }

        _console.Write(grid);
    }

    /// <summary>Prints an empty line and a title.</summary>
    public void Heading(string title)
    {
        _console.WriteLine();
        _console.WriteLine(title, new Style(decoration: Decoration.Bold));
    }

    /// <summary>Prints a line that begins with two blanks.</summary>
    public void Item(string text) => _console.Write(new Padder(new Text(OneLine.Of(text)), new Padding(2, 0, 0, 0)));

    /// <summary>Prints a table; a header that ends with <c>&gt;</c> aligns its column to the right.</summary>
    public void Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string header in headers)
        {
            bool right = header.EndsWith('>');
            TableColumn column = new(new Text(header.TrimEnd('>'), new Style(decoration: Decoration.Bold)));
            column.Padding = new Padding(0, 0, 2, 0);
            column.Alignment = right ? Justify.Right : Justify.Left;
            table.AddColumn(column);
        }

        foreach (IReadOnlyList<string> row in rows) table.AddRow(row.Select(cell => new Text(OneLine.Of(cell))));
        _console.Write(table);
    }

    // The library's own output object asks the console for its state, which writes to the terminal.
    private sealed class PlainOutput(TextWriter writer, TerminalTraits traits) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => traits.IsTerminal;

        public int Width => traits.Width;

        public int Height => int.MaxValue;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
