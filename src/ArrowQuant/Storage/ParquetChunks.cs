using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Storage;

/// <summary>One column of one row group, as the footer of a Parquet file tells where it lies.</summary>
/// <param name="Start">The first byte of its first page header.</param>
/// <param name="Length">Bytes of its pages and their headers.</param>
/// <param name="Values">How many values it holds, absent ones counted.</param>
/// <param name="Codec">The number of the codec that compressed its pages.</param>
internal readonly record struct ParquetChunk(long Start, long Length, long Values, long Codec);

/// <summary>
/// Reads the footer of a Parquet file for the places of its column chunks, and refuses one that contradicts the file. The Parquet library
/// takes memory by what the footer and the page headers claim, so that it is given only files that were looked at here.
/// </summary>
internal static class ParquetChunks
{
    private const int TailLength = 8;
    private const int SmallestFile = 12;
    private const int FooterLimit = 1 << 30;

    /// <summary>The chunks of each row group, in the order of the leaves of the schema.</summary>
    /// <exception cref="InvalidDataException">The footer contradicts itself or the file.</exception>
    public static ParquetChunk[][] Read(SafeFileHandle handle)
    {
        long fileLength = RandomAccess.GetLength(handle);
        if (fileLength < SmallestFile) throw new InvalidDataException($"it has {fileLength} bytes, the smallest has {SmallestFile}");
        byte[] tail = ReadAt(handle, fileLength - TailLength, TailLength);
        if (!tail.AsSpan(sizeof(int)).SequenceEqual("PAR1"u8)) throw new InvalidDataException("it does not end with PAR1");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length > Math.Min(FooterLimit, fileLength - SmallestFile))
            throw new InvalidDataException($"it names a footer of {length} bytes in a file of {fileLength} bytes");
        long end = fileLength - TailLength - length;
        ThriftReader footer = new(ReadAt(handle, end, (int)length));
        ParquetChunk[][] groups = [];
        int field = 0;
        while (footer.NextField(ref field, out ThriftType type))
        {
            if (field == 4) groups = ReadGroups(ref footer, type, end);
            else footer.Skip(type);
        }

        return groups;
    }

    /// <summary>The bytes at a place that must be in the file.</summary>
    public static byte[] ReadAt(SafeFileHandle handle, long position, int count)
    {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            int read = RandomAccess.Read(handle, bytes.AsSpan(done), position + done);
            if (read == 0) throw new EndOfStreamException($"it ends at byte {position + done}");
            done += read;
        }

        return bytes;
    }

    private static ParquetChunk[][] ReadGroups(ref ThriftReader footer, ThriftType type, long end)
    {
        ParquetChunk[][] groups = new ParquetChunk[footer.BeginList(type, out ThriftType element)][];
        for (int i = 0; i < groups.Length; i++)
        {
            ThriftReader.BeginStructure(element);
            groups[i] = [];
            int field = 0;
            while (footer.NextField(ref field, out ThriftType held))
            {
                if (field == 1) groups[i] = ReadChunks(ref footer, held, end);
                else footer.Skip(held);
            }
        }

        return groups;
    }

    private static ParquetChunk[] ReadChunks(ref ThriftReader footer, ThriftType type, long end)
    {
        ParquetChunk[] chunks = new ParquetChunk[footer.BeginList(type, out ThriftType element)];
        for (int i = 0; i < chunks.Length; i++)
        {
            ThriftReader.BeginStructure(element);
            int field = 0;
            while (footer.NextField(ref field, out ThriftType held))
            {
                if (field == 1) throw new InvalidDataException("its footer leads to another file; write the model as one file");
                if (field == 3) chunks[i] = ReadChunk(ref footer, held, end);
                else footer.Skip(held);
            }
        }

        return chunks;
    }

    private static ParquetChunk ReadChunk(ref ThriftReader footer, ThriftType type, long end)
    {
        ThriftReader.BeginStructure(type);
        long codec = 0, values = 0, length = 0, start = 0, dictionary = 0;
        int field = 0;
        while (footer.NextField(ref field, out ThriftType held))
        {
            switch (field)
            {
                case 4:
                    codec = footer.ReadInteger(held);
                    break;
                case 5:
                    values = footer.ReadInteger(held);
                    break;
                case 7:
                    length = footer.ReadInteger(held);
                    break;
                case 9:
                    start = footer.ReadInteger(held);
                    break;
                case 11:
                    dictionary = footer.ReadInteger(held);
                    break;
                default:
                    footer.Skip(held);
                    break;
            }
        }

        if (dictionary > 0 && dictionary < start) start = dictionary;
        if (start < 0 || length < 0 || values < 0 || start > end - length)
            throw new InvalidDataException($"its footer claims {values} values in {length} bytes at byte {start}, its pages end at {end}");
        return new ParquetChunk(start, length, values, codec);
    }
}
