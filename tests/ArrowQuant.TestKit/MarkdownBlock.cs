namespace ArrowQuant.TestKit;

/// <summary>A fenced block of a Markdown file that tests read.</summary>
/// <param name="Mark">The text of the HTML comment on the line before the fence, or empty.</param>
/// <param name="Language">The word after the fence.</param>
/// <param name="Text">The lines between the fences, each with its line feed.</param>
/// <param name="Line">The line of the opening fence, from 1.</param>
public sealed record MarkdownBlock(string Mark, string Language, string Text, int Line)
{
    private const string Fence = "```";

    /// <summary>The lines between the fences.</summary>
    public IReadOnlyList<string> Lines => Text.TrimEnd('\n').Split('\n');

    /// <summary>Every fenced block of a file of the repository, in order.</summary>
    /// <param name="relativePath">The file's path from the repository's root.</param>
    public static IReadOnlyList<MarkdownBlock> Of(string relativePath)
    {
        string[] lines = File.ReadAllLines(Path.Combine(RepositoryPaths.Root, relativePath));
        List<MarkdownBlock> blocks = [];
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal)) continue;
            int end = Array.FindIndex(lines, i + 1, line => line == Fence);
            if (end < 0) throw new FormatException($"{relativePath}:{i + 1}: the fence is not closed");
            string before = i > 0 ? lines[i - 1] : "";
            bool isMarked = before.StartsWith("<!--", StringComparison.Ordinal) && before.EndsWith("-->", StringComparison.Ordinal);
            string text = string.Concat(lines[(i + 1)..end].Select(line => line + "\n"));
            blocks.Add(new(isMarked ? before[4..^3].Trim() : "", lines[i][Fence.Length..].Trim(), text, i + 1));
            i = end;
        }

        return blocks;
    }
}
