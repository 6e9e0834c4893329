using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Storage;

/// <summary>
/// The pages of a Parquet file. A page header says how much memory its values take; here it is compared with the bytes that are there and
/// with what their codec can make of them at best, before the Parquet library believes it.
/// </summary>
internal sealed class ParquetPages : IDisposable
{
    private const int FirstWindow = 256;
    private const int LargestHeader = 16 << 20;
    private const int Slack = 1 << 10;

    // Honest pages are small, or do not shrink that much; a file of a few KiB must not make the library take GiB.
    private const long SmallPage = 64L << 20;
    private const long HonestExpansion = 1024;

    // The most bytes that a codec can make of one: none, Snappy, gzip, LZO, Brotli, LZ4, zstd, raw LZ4.
    private static readonly long[] Expansion = [1, 22, 1032, 256, 1 << 20, 256, 1 << 15, 256];

    private readonly SafeFileHandle _handle;
    private readonly ParquetChunk[][] _groups;
    private readonly long? _largestPage;

    private ParquetPages(SafeFileHandle handle, long? largestPage)
    {
        _handle = handle;
        _largestPage = largestPage;
        _groups = ParquetChunks.Read(handle);
    }

    /// <summary>Reads the footer of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="largestPage">
    /// The most bytes that a page may take once it is decompressed; null for 64 MiB and 1024 times its bytes in the file.
    /// </param>
    /// <exception cref="InvalidDataException">It contradicts itself or the file.</exception>
    /// <exception cref="IOException">The file cannot be read, or ends too early.</exception>
    public static ParquetPages Open(string path, long? largestPage = null)
    {
        SafeFileHandle handle = RegularFile.Open(path);
        try
        {
            return new ParquetPages(handle, largestPage);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Checks the page headers of a column chunk.</summary>
    /// <param name="rowGroup">The row group.</param>
    /// <param name="column">The number of the leaf.</param>
    /// <param name="pages">Receives the headers of its data pages; null for nobody.</param>
    /// <returns>Bytes that its pages take once they are decompressed.</returns>
    /// <exception cref="InvalidDataException">A header contradicts itself, the footer or the file.</exception>
    public long Check(int rowGroup, int column, ICollection<PageHeader>? pages = null)
    {
        if (rowGroup >= _groups.Length || column >= _groups[rowGroup].Length)
            throw new InvalidDataException($"its footer has no column {column} in row group {rowGroup}");
        ParquetChunk chunk = _groups[rowGroup][column];
        long position = chunk.Start;
        long end = chunk.Start + chunk.Length;
        long values = 0;
        long total = 0;
        while (position < end && values < chunk.Values)
        {
            PageHeader header = ReadHeader(position, end);
            position += header.Length;
            CheckSizes(header, chunk, end - position);
            bool hasValues = header.Kind != PageHeader.DictionaryKind;
            if (hasValues) pages?.Add(header);
            values += hasValues ? header.Values : 0;
            total += header.Uncompressed;
            position += header.Compressed;
        }

        return values == chunk.Values
            ? total
            : throw new InvalidDataException($"its pages claim {values} values, its footer says {chunk.Values}");
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private PageHeader ReadHeader(long position, long end)
    {
        for (int window = FirstWindow; ; window *= 8)
        {
            int count = (int)Math.Min(window, end - position);
            try
            {
                return PageHeader.Read(ParquetChunks.ReadAt(_handle, position, count));
            }
            catch (EndOfStreamException) when (count < end - position && window < LargestHeader)
            {
                // The header is longer than the window; statistics in it can be.
            }
        }
    }

    private void CheckSizes(PageHeader header, ParquetChunk chunk, long bytesLeft)
    {
        if (chunk.Codec < 0 || chunk.Codec >= Expansion.Length)
            throw new InvalidDataException($"its pages have the unknown codec {chunk.Codec}");
        if (header.Compressed < 0 || header.Compressed > bytesLeft)
            throw new InvalidDataException($"a page claims {header.Compressed} bytes, its column has {bytesLeft} left");
        long most = Math.Min(int.MaxValue, (header.Compressed * Expansion[chunk.Codec]) + Slack);
        if (header.Uncompressed < 0 || header.Uncompressed > most)
        {
            throw new InvalidDataException(
                $"a page claims {header.Uncompressed} bytes of values in {header.Compressed}, expected at most {most} with its codec");
        }

        long trusted = _largestPage ?? SmallPage + (header.Compressed * HonestExpansion);
        if (header.Uncompressed > trusted)
        {
            throw new InvalidDataException($"a page claims {header.Uncompressed} bytes of values in {header.Compressed}, expected at most "
                + $"{trusted}; if the file is to be trusted, write it with smaller pages, or quantize it with a --max-memory that holds this one");
        }

        if (header.Levels < 0 || header.Levels > Math.Min(header.Compressed, header.Uncompressed))
            throw new InvalidDataException($"a page claims {header.Levels} bytes of levels in {header.Compressed}");
        if (header.Values < 0 || (header.Kind == PageHeader.DictionaryKind && header.Values > header.Uncompressed))
            throw new InvalidDataException($"a page claims {header.Values} values in {header.Uncompressed} bytes");
    }
}
