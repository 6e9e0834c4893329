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

    /// <summary>What this writer can show; only a stream of the process itself can be a terminal, and NO_COLOR makes it plain.</summary>
    public static TerminalTraits Of(TextWriter writer, IReadOnlyDictionary<string, string> environment) =>
        writer is StandardStream { IsTerminal: true } ? OfTerminal(environment, WindowWidth) : Plain;

    /// <summary>What a terminal may show in this environment. Its width is asked only where it matters: asking writes to it.</summary>
    public static TerminalTraits OfTerminal(IReadOnlyDictionary<string, string> environment, Func<int> width)
    {
        bool isDumb = environment.GetValueOrDefault("TERM") is "dumb";
        bool noColour = environment.GetValueOrDefault("NO_COLOR") is { Length: > 0 };
        return isDumb || noColour ? Plain : new(true, true, width());
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
