using System.Text.RegularExpressions;

namespace ArrowQuant.Tests.Exports.Html;

/// <summary>What a browser would find in a page, as far as tests ask.</summary>
internal static partial class PageText
{
    private static readonly string[] Void = ["meta", "input", "wbr"];
    private static readonly string[] Raw = ["style", "script"];

    /// <summary>The elements that are opened, in order; every one is closed where it must be.</summary>
    public static List<string> Elements(string page)
    {
        List<string> elements = [];
        Stack<string> open = [];
        string? raw = null;
        foreach (Match tag in Tag().Matches(page))
        {
            string name = tag.Groups["name"].Value;
            bool isEnd = tag.Groups["end"].Length > 0;
            if (raw is not null && !(isEnd && name == raw)) continue;
            raw = null;
            if (isEnd)
            {
                Assert.Equal(open.Pop(), name);
                continue;
            }

            elements.Add(name);
            if (tag.Value.EndsWith("/>", StringComparison.Ordinal) || Void.Contains(name)) continue;
            open.Push(name);
            if (Raw.Contains(name)) raw = name;
        }

        Assert.Empty(open);
        return elements;
    }

    /// <summary>The values of the cells with this label, in order.</summary>
    public static IEnumerable<string> Values(string page, string table, string label)
    {
        int start = page.IndexOf($"id=\"{table}-table\"", StringComparison.Ordinal);
        Assert.True(start >= 0, $"there is no table {table}");
        string part = page[start..page.IndexOf("</table>", start, StringComparison.Ordinal)];
        return Cell().Matches(part).Where(cell => cell.Groups["label"].Value == label).Select(cell => cell.Groups["value"].Value);
    }

    [GeneratedRegex("""<(?<end>/?)(?<name>[a-z][a-z0-9]*)(?:\s[^<>]*)?>""")]
    private static partial Regex Tag();

    [GeneratedRegex("data-m=\"(?<label>[^\"]*)\" data-v=\"(?<value>[^\"]*)\"")]
    private static partial Regex Cell();
}
