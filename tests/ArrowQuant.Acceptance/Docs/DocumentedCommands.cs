using ArrowQuant.Cli;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Docs;

/// <summary>
/// Runs the commands of a page, in order, as a reader would type them at the root of a clone; but <c>out/</c> is a temporary folder. A
/// block is
/// run when <c>test sh</c> is written in a comment before it; <c>exit=N</c> there is the exit code of its last command.
/// </summary>
internal sealed class DocumentedCommands(TempFolder output)
{
    public const string Mark = "test sh";

    private const string Built = "dotnet run --project src/ArrowQuant.Cli -c Release -- ";
    private const string Installed = "arrowquant ";

    /// <summary>The pages that have commands.</summary>
    public static IReadOnlyList<string> Pages { get; } =
        [.. RepositoryPages().Where(page => MarkdownBlock.Of(page).Any(block => block.Mark.StartsWith(Mark, StringComparison.Ordinal)))];

    /// <summary>Every Markdown page that speaks to users.</summary>
    public static IEnumerable<string> RepositoryPages() =>
    [
        "README.md", "CONTRIBUTING.md",
        .. Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(RepositoryPaths.Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal),
    ];

    /// <summary>The exit code that a block says it has.</summary>
    public static int ExpectedExitCode(MarkdownBlock block) =>
        block.Mark.Split(' ').LastOrDefault(word => word.StartsWith("exit=", StringComparison.Ordinal)) is { } exit
            ? int.Parse(exit[5..])
            : 0;

    /// <summary>Runs one line.</summary>
    public async Task<(int ExitCode, string Output, string Error)> RunAsync(string line, CancellationToken cancellationToken)
    {
        Dictionary<string, string> environment = [];
        string command = line;
        while (command.Split(' ', 2) is [var first, var rest] && first.Contains('=')
            && first.StartsWith("ARROW_QUANT_", StringComparison.Ordinal))
        {
            environment.Add(first.Split('=', 2)[0], first.Split('=', 2)[1]);
            command = rest;
        }

        if (command.StartsWith(Built, StringComparison.Ordinal)) command = Installed + command[Built.Length..];
        Assert.True(command.StartsWith(Installed, StringComparison.Ordinal), $"not a command of the tool: {line}");
        using StringWriter standard = new();
        using StringWriter error = new();
        string[] arguments = [.. Words(command[Installed.Length..]).Select(Place)];
        int exitCode = await CommandLineApp.RunAsync(arguments, standard, error, environment, cancellationToken);
        return (exitCode, Shown(standard.ToString()), Shown(error.ToString()));
    }

    /// <summary>SQL or code in which <c>out/</c> is the temporary folder.</summary>
    public string Placed(string text) => text.Replace("'out/", $"'{output.FullName}/", StringComparison.Ordinal);

    private static IEnumerable<string> Words(string command)
    {
        string[] parts = command.Split('\'');
        return parts.SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private string Place(string word)
    {
        if (word.StartsWith("out/", StringComparison.Ordinal)) return output.PathOf(word[4..].Split('/'));
        return word.StartsWith("samples/", StringComparison.Ordinal) ? Path.Combine(RepositoryPaths.Root, word) : word;
    }

    // What was printed, as it looks when typed at the root.
    private string Shown(string text) => text
        .Replace(output.FullName + Path.DirectorySeparatorChar, "out/", StringComparison.Ordinal)
        .Replace(RepositoryPaths.Root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
