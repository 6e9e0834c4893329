namespace ArrowQuant.Cli.Rendering;

/// <summary>What a writer can show.</summary>
/// <param name="IsTerminal">Whether lines may be rewritten in place.</param>
/// <param name="HasColour">Whether colours are wanted.</param>
/// <param name="Width">Columns.</param>
internal sealed record TerminalTraits(bool IsTerminal, bool HasColour, int Width)
{
    // A file has no margin: nothing is wrapped or cut there.
    private const int FileWidth = 4096;
    private const int NarrowestTerminal = 40;

    /// <summary>A file or a pipe.</summary>
    public static TerminalTraits Plain { get; } = new(false, false, FileWidth);

    /// <summary>What this writer can show; only the process's own console can be a terminal, and NO_COLOR makes it a plain one.</summary>
    public static TerminalTraits Of(TextWriter writer, IReadOnlyDictionary<string, string> environment)
    {
        bool redirected = ReferenceEquals(writer, Console.Out) ? Console.IsOutputRedirected
            : !ReferenceEquals(writer, Console.Error) || Console.IsErrorRedirected;
        return redirected ? Plain : OfTerminal(environment, WindowWidth());
    }

    /// <summary>What a terminal of this width may show in this environment.</summary>
    public static TerminalTraits OfTerminal(IReadOnlyDictionary<string, string> environment, int width)
    {
        bool isDumb = environment.GetValueOrDefault("TERM") is "dumb";
        bool noColour = environment.GetValueOrDefault("NO_COLOR") is { Length: > 0 };
        return isDumb || noColour ? new(false, false, width) : new(true, true, width);
    }

    private static int WindowWidth()
    {
        try
        {
            return Console.WindowWidth is int width and > 0 ? Math.Max(width, NarrowestTerminal) : FileWidth;
        }
        catch (IOException)
        {
            return FileWidth;
        }
    }
}
