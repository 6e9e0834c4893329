namespace ArrowQuant.Storage;

/// <summary>
/// What values of the <c>data</c> column take in the file. Values that share a page share what its compression saved, each by its length;
/// of pages that are not compressed a value takes its length.
/// </summary>
internal static class StoredShare
{
    /// <summary>The bytes of every value of a row group.</summary>
    /// <param name="pages">The data pages of its column, in order.</param>
    /// <param name="lengths">The lengths of its values before compression, in order.</param>
    public static long[] Of(IReadOnlyList<PageHeader> pages, IReadOnlyList<long> lengths)
    {
        long[] stored = [.. lengths];
        int first = 0;
        foreach (PageHeader page in pages)
        {
            int end = (int)Math.Min(lengths.Count, first + page.Values);
            for (int i = first; i < end && page.Compressed != page.Uncompressed; i++)
                stored[i] = (long)Math.Round((double)lengths[i] * page.Compressed / page.Uncompressed);
            first = end;
        }

        return stored;
    }
}
