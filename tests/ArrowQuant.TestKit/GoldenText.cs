namespace ArrowQuant.TestKit;

/// <summary>
/// Text in the repository that must be what the program says. With <c>ARROW_QUANT_UPDATE_GOLDEN=1</c> a difference is written into the file
/// and still reported, so that a run that changes files never looks like one that passed.
/// </summary>
public static class GoldenText
{
    /// <summary>Compares a whole file.</summary>
    /// <param name="relativePath">The file's path from the repository's root.</param>
    /// <param name="actual">What it must hold.</param>
    /// <returns>Null when it does, else what to do about it.</returns>
    public static string? Difference(string relativePath, string actual)
    {
        string path = Path.Combine(RepositoryPaths.Root, relativePath);
        string found = File.Exists(path) ? File.ReadAllText(path) : "";
        return found == actual ? null : Report(path, relativePath, found, actual, actual);
    }

    /// <summary>Compares the part of a file between the lines <c>&lt;!-- name --&gt;</c> and <c>&lt;!-- end name --&gt;</c>.</summary>
    /// <param name="relativePath">The file's path from the repository's root.</param>
    /// <param name="name">The part's name.</param>
    /// <param name="actual">What it must hold, with a last line feed.</param>
    /// <returns>Null when it does, else what to do about it.</returns>
    public static string? Difference(string relativePath, string name, string actual)
    {
        string path = Path.Combine(RepositoryPaths.Root, relativePath);
        string text = File.ReadAllText(path);
        string begin = $"<!-- {name} -->\n";
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        int end = text.IndexOf($"<!-- end {name} -->", StringComparison.Ordinal);
        if (start < begin.Length || end < start) return $"{relativePath} has no part '{name}'";
        return text[start..end] == actual
            ? null
            : Report(path, relativePath, text[start..end], actual, text[..start] + actual + text[end..]);
    }

    private static string Report(string path, string relativePath, string found, string actual, string whole)
    {
        bool update = Environment.GetEnvironmentVariable("ARROW_QUANT_UPDATE_GOLDEN") == "1";
        if (update) File.WriteAllText(path, whole);
        string[] before = found.Split('\n');
        string[] now = actual.Split('\n');
        IEnumerable<string> gone = before.Except(now).Select(line => "- " + line);
        IEnumerable<string> come = now.Except(before).Select(line => "+ " + line);
        string what = update ? "was brought up to date: run again" : "is not up to date (ARROW_QUANT_UPDATE_GOLDEN=1 rewrites it)";
        return $"{relativePath} {what}\n"
            + string.Join('\n', gone.Concat(come));
    }
}
