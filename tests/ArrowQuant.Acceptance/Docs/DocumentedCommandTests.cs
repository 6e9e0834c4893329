using System.Text.RegularExpressions;
using ArrowQuant.TestKit;
using DuckDB.NET.Data;

namespace ArrowQuant.Acceptance.Docs;

/// <summary>Every command and query of the README and of docs/ that can be run is run, and prints what the page says.</summary>
public sealed partial class DocumentedCommandTests
{
    public static TheoryData<string> Pages => [.. DocumentedCommands.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_OfThePage_ExitAndPrintAsItSays(string page)
    {
        using TempFolder folder = new();
        DocumentedCommands commands = new(folder);
        if (page == "docs/onnx.md") OnnxModels.Write("dit-digits", folder.PathOf("dit-digits.onnx"));
        IReadOnlyList<MarkdownBlock> blocks = MarkdownBlock.Of(page);
        for (int i = 0; i < blocks.Count; i++)
        {
            if (!blocks[i].Mark.StartsWith(DocumentedCommands.Mark, StringComparison.Ordinal)) continue;
            string printed = await RunAsync(commands, page, blocks[i]);
            if (i + 1 < blocks.Count && blocks[i + 1].Mark == "output") AssertPrinted(page, blocks[i + 1], printed);
        }
    }

    [Fact]
    public async Task Queries_OfTheFormat_RunOnAFreshArtefact()
    {
        using TempFolder folder = new();
        DocumentedCommands commands = new(folder);
        const string Command = "arrowquant quantize samples/models/dit-digits -o out/dit-int4 --quiet";
        Assert.Equal(0, (await commands.RunAsync(Command, TestContext.Current.CancellationToken)).ExitCode);
        MarkdownBlock[] queries = [.. MarkdownBlock.Of("docs/format.md").Where(block => block.Mark == "test sql")];
        using DuckDBConnection connection = new("DataSource=:memory:");
        connection.Open();
        List<int> rows = [];
        foreach (MarkdownBlock query in queries)
        {
            using DuckDBCommand command = connection.CreateCommand();
            command.CommandText = commands.Placed(query.Text);
            using DuckDBDataReader reader = command.ExecuteReader();
            int count = 0;
            while (reader.Read()) count++;
            rows.Add(count);
        }

        Assert.Equal([10, 20, 8], rows);
    }

    [Fact]
    public void DotnetCommands_OfThePages_AreInTheCiScript()
    {
        string[] script = File.ReadAllLines(Path.Combine(RepositoryPaths.Root, ".ci", "run"));
        string[] commands = [.. DocumentedCommands.RepositoryPages().SelectMany(MarkdownBlock.Of)
            .Where(block => block.Mark == "ci").SelectMany(block => block.Lines)];
        Assert.Contains("dotnet test", commands);
        Assert.All(commands, command => Assert.Contains(script, line => line.Contains(command, StringComparison.Ordinal)));
    }

    [Fact]
    public void Links_OfThePages_LeadToFiles()
    {
        foreach (string page in DocumentedCommands.RepositoryPages())
        {
            string path = Path.Combine(RepositoryPaths.Root, page);
            foreach (Match link in Link().Matches(File.ReadAllText(path)))
            {
                string target = Path.Combine(Path.GetDirectoryName(path)!, link.Groups["target"].Value);
                Assert.True(Path.Exists(target), $"{page} links to {link.Groups["target"].Value}, which does not exist");
            }
        }
    }

    private static async Task<string> RunAsync(DocumentedCommands commands, string page, MarkdownBlock block)
    {
        string printed = "";
        for (int i = 0; i < block.Lines.Count; i++)
        {
            (int exitCode, string output, string error) = await commands.RunAsync(block.Lines[i], TestContext.Current.CancellationToken);
            int expected = i == block.Lines.Count - 1 ? DocumentedCommands.ExpectedExitCode(block) : 0;
            Assert.True(
                exitCode == expected, $"{page}:{block.Line + 1 + i}: {block.Lines[i]}: exit code {exitCode}, not {expected}\n{error}");
            IEnumerable<string> warnings = error.Split('\n').Where(IsDiagnostic);
            printed += string.Concat(warnings.Select(line => line + "\n")) + output;
        }

        return printed;
    }

    private static void AssertPrinted(string page, MarkdownBlock block, string printed)
    {
        if (Normal(block.Text).SequenceEqual(Normal(printed))) return;
        string text = string.Concat(printed.TrimEnd().Split('\n').Select(line => line.TrimEnd() + "\n"));
        bool update = Environment.GetEnvironmentVariable("ARROW_QUANT_UPDATE_GOLDEN") == "1";
        if (update) Replace(Path.Combine(RepositoryPaths.Root, page), block, text);
        Assert.Fail($"{page}:{block.Line} {(update ? "showed" : "shows")} other output than this:\n{text}");
    }

    private static void Replace(string path, MarkdownBlock block, string text)
    {
        string[] lines = File.ReadAllLines(path);
        int end = Array.IndexOf(lines, "```", block.Line);
        File.WriteAllText(path, string.Concat(lines[..block.Line].Select(Ended)) + text + string.Concat(lines[end..].Select(Ended)));
    }

    private static string Ended(string line) => line + "\n";

    // Progress depends on the machine's speed; warnings and errors do not.
    private static bool IsDiagnostic(string line) =>
        line.StartsWith("warning: ", StringComparison.Ordinal) || line.StartsWith("error: ", StringComparison.Ordinal);

    private static string[] Normal(string text) => [.. Seconds().Replace(text, "# s").TrimEnd().Split('\n').Select(line => line.TrimEnd())];

    [GeneratedRegex(@"\b\d+(\.\d+)? s\b")]
    private static partial Regex Seconds();

    [GeneratedRegex(@"\]\((?<target>(?!https?:)[^)#\s]+)")]
    private static partial Regex Link();
}
