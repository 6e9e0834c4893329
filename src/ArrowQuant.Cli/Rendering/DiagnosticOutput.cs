namespace ArrowQuant.Cli.Rendering;

/// <summary>
/// Standard error: whole lines, and on a terminal one status line below them that is redrawn in place. Thread-safe, because progress and
/// warnings come from worker threads.
/// </summary>
internal sealed class DiagnosticOutput(TextWriter writer, TerminalTraits traits)
{
    private const string EraseLine = "\r\u001b[K";
    private const string Red = "\u001b[31m";
    private const string Yellow = "\u001b[33m";
    private const string Reset = "\u001b[0m";
    private readonly Lock _lock = new();
    private string _status = "";

    /// <summary>What the writer can show.</summary>
    public TerminalTraits Traits => traits;

    /// <summary>Prints an error.</summary>
    public void Error(string message) => Labelled("error:", Red, message);

    /// <summary>Prints a warning.</summary>
    public void Warning(string message) => Labelled("warning:", Yellow, message);

    /// <summary>Prints a line as it is.</summary>
    public void Line(string text)
    {
        lock (_lock)
        {
            if (_status.Length > 0) writer.Write(EraseLine);
            writer.Write(text + "\n");
            if (_status.Length > 0) writer.Write(_status);
            writer.Flush();
        }
    }

    /// <summary>Replaces the status line; empty removes it. Only for terminals.</summary>
    public void Status(string text)
    {
        lock (_lock)
        {
            if (text.Length == 0 && _status.Length == 0) return;

            // The last column stays free: writing it would wrap the line, and the next redraw would leave the first half behind.
            _status = text.Length >= traits.Width ? text[..(traits.Width - 1)] : text;
            writer.Write(EraseLine + _status);
            writer.Flush();
        }
    }

    private void Labelled(string label, string colour, string message) =>
        Line($"{(traits.HasColour ? colour + label + Reset : label)} {OneLine.Of(message)}");
}
