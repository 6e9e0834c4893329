using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Docs;

public sealed class LibraryExampleTests
{
    private const string SourceFile = "tests/ArrowQuant.Acceptance/Docs/LibraryExample.cs";

    [Fact]
    public void Example_OfTheReadme_IsTheCompiledOne()
    {
        string[] source = File.ReadAllLines(Path.Combine(RepositoryPaths.Root, SourceFile));
        IEnumerable<string> usings = source.TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal));
        IEnumerable<string> body = source.SkipWhile(line => line.Trim() != "// README begins").Skip(1)
            .TakeWhile(line => line.Trim() != "// README ends").Select(line => line.Length > 8 ? line[8..] : "");
        MarkdownBlock shown = MarkdownBlock.Of("README.md").Single(block => block.Language == "csharp");
        Assert.Equal([.. usings, "", .. body], shown.Lines);
        Assert.InRange(shown.Lines.Count(line => line.Length > 0), 8, 10);
    }

    [Fact]
    public async Task Example_OnTheSampleModel_MakesAnArtefact()
    {
        using TempFolder folder = new();
        string output = folder.PathOf("model");
        await LibraryExample.RunAsync(RepositoryPaths.Sample("dit-digits"), output);
        Assert.True(File.Exists(Path.Combine(output, "report.json")));
    }
}
