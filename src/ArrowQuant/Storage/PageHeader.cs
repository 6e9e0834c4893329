namespace ArrowQuant.Storage;

/// <summary>The header of a Parquet page: what it claims.</summary>
/// <param name="Length">Bytes of the header itself.</param>
/// <param name="Kind">What the page is; the numbers are those of the format.</param>
/// <param name="Compressed">Bytes behind the header.</param>
/// <param name="Uncompressed">Bytes after decompression.</param>
/// <param name="Values">Values, absent ones counted.</param>
/// <param name="Levels">Bytes of levels in front of the values where the header tells (pages of the second version).</param>
internal readonly record struct PageHeader(int Length, long Kind, long Compressed, long Uncompressed, long Values, long Levels)
{
    /// <summary>The kind of a page that holds a dictionary.</summary>
    public const long DictionaryKind = 2;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The file from the header on.</param>
    /// <exception cref="InvalidDataException">There is none.</exception>
    /// <exception cref="EndOfStreamException">The bytes end within it.</exception>
    public static PageHeader Read(ReadOnlySpan<byte> bytes)
    {
        ThriftReader reader = new(bytes);
        PageHeader header = default;
        int field = 0;
        while (reader.NextField(ref field, out ThriftType type))
        {
            switch (field)
            {
                case 1:
                    header = header with { Kind = reader.ReadInteger(type) };
                    break;
                case 2:
                    header = header with { Uncompressed = reader.ReadInteger(type) };
                    break;
                case 3:
                    header = header with { Compressed = reader.ReadInteger(type) };
                    break;
                case 5 or 7 or 8:
                    header = ReadValues(ref reader, type, header, hasLevels: field == 8);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return header with { Length = reader.Position };
    }

    private static PageHeader ReadValues(ref ThriftReader reader, ThriftType type, PageHeader header, bool hasLevels)
    {
        ThriftReader.BeginStructure(type);
        int field = 0;
        while (reader.NextField(ref field, out ThriftType held))
        {
            if (field == 1) header = header with { Values = reader.ReadInteger(held) };
            else if (hasLevels && field is (5 or 6)) header = header with { Levels = header.Levels + LevelBytes(ref reader, held) };
            else reader.Skip(held);
        }

        return header;
    }

    private static long LevelBytes(ref ThriftReader reader, ThriftType type) =>
        reader.ReadInteger(type) is >= 0 and <= int.MaxValue and long bytes
        ? bytes
        : throw new InvalidDataException("a page claims less than 0 or more than 2^31 bytes of levels");
}
