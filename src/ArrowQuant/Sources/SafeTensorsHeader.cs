using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>The header of one safetensors file, checked completely: whoever holds one may trust every offset in it.</summary>
internal sealed class SafeTensorsHeader
{
    /// <summary>Bytes of the length field in front of the header.</summary>
    public const int PrefixLength = 8;

    /// <summary>The most bytes that a header may have; the limit of the format.</summary>
    public const long LengthLimit = 100_000_000;

    private SafeTensorsHeader(IReadOnlyList<SafeTensorsEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        Entries = entries;
        Metadata = metadata;
    }

    /// <summary>The tensors in the order of their bytes; empty tensors at one place in ordinal order of names.</summary>
    public IReadOnlyList<SafeTensorsEntry> Entries { get; }

    /// <summary>The pairs of <c>__metadata__</c>; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Checks the length field against the limit and the file before anything is allocated for the header.</summary>
    /// <returns>The length of the header in bytes.</returns>
    /// <exception cref="ModelFormatException">The length is 0, above the limit, or reaches past the end of the file.</exception>
    public static int CheckLength(ulong headerLength, long fileLength, string path)
    {
        if (headerLength == 0) throw ModelFault.Of(path, "the header has 0 bytes, expected a JSON object");
        if (headerLength > LengthLimit)
        {
            throw ModelFault.Of(
                path, $"the header claims {headerLength} bytes, expected at most {LengthLimit}; the file is corrupt or not safetensors");
        }

        if ((long)headerLength > fileLength - PrefixLength)
        {
            throw ModelFault.Of(
                path,
                $"the header claims {headerLength} bytes but the file has {fileLength - PrefixLength} after the length field; "
                + "the file is truncated, fetch it again");
        }

        return (int)headerLength;
    }

    /// <summary>Parses and checks a header.</summary>
    /// <param name="json">The bytes after the length field.</param>
    /// <param name="dataLength">The bytes that the file holds after the header.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="ModelFormatException">The header tells a lie; the message says which.</exception>
    public static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string path)
    {
        SafeTensorsHeaderReader reader = new(json, path);
        reader.ReadAll();
        List<SafeTensorsEntry> entries = reader.Entries;
        entries.Sort(CompareByPlace);
        CheckCoverage(entries, dataLength, path);
        return new SafeTensorsHeader(entries, reader.Metadata);
    }

    private static int CompareByPlace(SafeTensorsEntry left, SafeTensorsEntry right)
    {
        int order = left.Begin.CompareTo(right.Begin);
        if (order == 0) order = left.End.CompareTo(right.End);
        return order == 0 ? string.CompareOrdinal(left.Name, right.Name) : order;
    }

    // Every byte after the header belongs to exactly one tensor.
    private static void CheckCoverage(List<SafeTensorsEntry> entries, long dataLength, string path)
    {
        long covered = 0;
        foreach (SafeTensorsEntry entry in entries)
        {
            if (entry.End > dataLength)
            {
                throw ModelFault.Of(
                    path,
                    $"data_offsets [{entry.Begin}, {entry.End}] reach past the end, the file holds {dataLength} bytes of values; "
                    + "the file is truncated, fetch it again",
                    entry.Name);
            }

            if (entry.Begin < covered)
            {
                throw ModelFault.Of(
                    path, $"data_offsets begin at {entry.Begin} and overlap the tensor before, expected {covered}", entry.Name);
            }

            if (entry.Begin > covered)
                throw ModelFault.Of(path, $"data_offsets begin at {entry.Begin} and leave a hole, expected {covered}", entry.Name);
            covered = entry.End;
        }

        if (covered != dataLength)
        {
            throw ModelFault.Of(
                path, $"the tensors cover {covered} bytes of values but the file holds {dataLength}, expected none after the last tensor");
        }
    }
}
