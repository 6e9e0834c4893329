namespace ArrowQuant.Exports.Html;

/// <summary>Where a layer is in its model, read from its name.</summary>
/// <param name="Family">What its block is one of: <c>transformer_blocks</c>; empty outside of blocks.</param>
/// <param name="Block">Its block: <c>down_blocks.0.attentions.1.transformer_blocks.0</c>; empty outside of blocks.</param>
/// <param name="Module">What it is in the block: <c>attn1.to_q</c>; the whole name outside of blocks.</param>
internal sealed record LayerPlace(string Family, string Block, string Module)
{
    private const string Suffix = ".weight";

    /// <summary>
    /// Places layers. A block is the longest part of a name that ends in a number and that at least two layers share; so
    /// <c>blocks.3</c> is one, and <c>to_out.0</c> is not, which holds one weight.
    /// </summary>
    /// <param name="names">The full names, all of them: whether a part is shared depends on the others.</param>
    /// <returns>A place for each name, in their order.</returns>
    public static IReadOnlyList<LayerPlace> Of(IReadOnlyList<string> names)
    {
        Dictionary<string, int> shared = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            foreach (int end in NumberedEnds(name)) shared[name[..end]] = shared.GetValueOrDefault(name[..end]) + 1;
        }

        return [.. names.Select(name => Place(name, NumberedEnds(name).LastOrDefault(end => shared[name[..end]] > 1)))];
    }

    /// <summary>Orders blocks as people count: <c>blocks.2</c> before <c>blocks.10</c>.</summary>
    public static int CompareBlocks(string left, string right)
    {
        string[] a = left.Split('.');
        string[] b = right.Split('.');
        for (int i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            int order = IsNumber(a[i]) && IsNumber(b[i]) && a[i].Length != b[i].Length
                ? a[i].Length.CompareTo(b[i].Length)
                : string.CompareOrdinal(a[i], b[i]);
            if (order != 0) return order;
        }

        return a.Length.CompareTo(b.Length);
    }

    private static LayerPlace Place(string name, int end)
    {
        string module = end == 0 ? name : name[(end + 1)..];
        if (module.EndsWith(Suffix, StringComparison.Ordinal)) module = module[..^Suffix.Length];
        if (end == 0) return new("", "", module);
        string block = name[..end];
        string above = block[..Math.Max(0, block.LastIndexOf('.'))];
        string component = block[..(block.LastIndexOf('/') + 1)];
        string last = above[(above.LastIndexOfAny(['.', '/']) + 1)..];
        return new(component + (last.Length > 0 ? last : "blocks"), block, module);
    }

    // Where a segment that is a number ends, for every one that is not the last segment.
    private static IEnumerable<int> NumberedEnds(string name)
    {
        int start = 0;
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] is not ('.' or '/')) continue;
            if (name[i] == '.' && IsNumber(name.AsSpan(start, i - start))) yield return i;
            start = i + 1;
        }
    }

    private static bool IsNumber(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');
}
