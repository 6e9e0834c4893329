using System.Text.RegularExpressions;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Architecture;

namespace ArrowQuant.Tests.Docs;

/// <summary>Every message that docs/troubleshooting.md explains is still one that the program says.</summary>
public sealed partial class TroubleshootingPageTests
{
    [Fact]
    public void Messages_OfThePage_AreInTheSources()
    {
        string sources = Plain(string.Concat(RepositoryText.Sources("src").Select(file => file.Text)));
        string page = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "troubleshooting.md"));
        string[] messages = [.. FirstCell().Matches(page).SelectMany(row => Code().Matches(row.Value))
            .Select(code => code.Groups["text"].Value)];
        Assert.True(messages.Length > 40, $"{messages.Length} messages found");
        string[] missing = [.. messages.SelectMany(message => message.Split("..."))
            .Select(part => Plain(part).Trim()).Where(part => part.Length > 5 && !sources.Contains(part, StringComparison.Ordinal))];
        Assert.True(missing.Length == 0, string.Join('\n', missing));
    }

    // A message that the source cuts into two literals is one again; what is filled in does not count.
    private static string Plain(string text) => Filled().Replace(Joint().Replace(text, ""), "").Replace("\\", "", StringComparison.Ordinal);

    [GeneratedRegex(@"^\| `[^|]*\|", RegexOptions.Multiline)]
    private static partial Regex FirstCell();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("\"\\s*\\+\\s*\\$?\"")]
    private static partial Regex Joint();

    [GeneratedRegex(@"\{[A-Za-z][^{}""]*\}")]
    private static partial Regex Filled();
}
