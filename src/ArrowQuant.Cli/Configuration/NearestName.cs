namespace ArrowQuant.Cli.Configuration;

/// <summary>Finds what a misspelt name was meant to be.</summary>
internal static class NearestName
{
    /// <summary>The candidate with the fewest changed letters; the first of equals.</summary>
    public static string Find(string name, IEnumerable<string> candidates) =>
        candidates.MinBy(candidate => Distance(Fold(name), Fold(candidate))) ?? name;

    // Dashes, underscores and case are the commonest slips and should cost nothing.
    private static string Fold(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static int Distance(string left, string right)
    {
        // Longer names than any real one are cut, so that hostile input stays cheap.
        ReadOnlySpan<char> a = left.AsSpan(0, Math.Min(left.Length, 64));
        ReadOnlySpan<char> b = right.AsSpan(0, Math.Min(right.Length, 64));
        Span<int> previous = stackalloc int[b.Length + 1];
        Span<int> current = stackalloc int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) previous[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
            }

            current.CopyTo(previous);
        }

        return previous[b.Length];
    }
}
