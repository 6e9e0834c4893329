using System.Buffers.Binary;
using ArrowQuant.Sources;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Calibration;

/// <summary>
/// Where the messages of an Arrow IPC file or stream lie. Finding them reads and checks all metadata and no values; the index at the end
/// of a file is not needed and not trusted.
/// </summary>
internal sealed class ArrowFrames
{
    private const int MetadataLimit = 1 << 20;
    private const int BatchLimit = 1 << 20;
    private const int Continuation = -1;

    private static readonly byte[] Magic = [.. "ARROW1"u8];

    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly List<FileRange> _schemaAndDictionaries = [];
    private readonly List<(FileRange Range, int Dictionaries)> _batches = [];

    private ArrowFrames(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>How many record batches there are.</summary>
    public int BatchCount => _batches.Count;

    /// <summary>Finds and checks the messages.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or lies.</exception>
    public static ArrowFrames Find(SafeFileHandle handle, string path)
    {
        ArrowFrames frames = new(handle, path);
        long length = RandomAccess.GetLength(handle);
        byte[] head = new byte[Math.Min(Magic.Length, length)];
        ModelFile.ReadExactly(handle, path, 0, head);
        bool isFile = head.AsSpan().SequenceEqual(Magic);
        frames.Walk(isFile ? 8 : 0, isFile ? frames.EndOfFile(length) : length);
        return frames;
    }

    /// <summary>All that a reader of one batch needs, as a stream: the schema, dictionaries that come before it, the batch.</summary>
    public Stream Open(int batch)
    {
        (FileRange range, int dictionaries) = _batches[batch];
        return new FileRanges(_handle, [.. _schemaAndDictionaries.Take(1 + dictionaries), range]);
    }

    // The index, its length and the magic close a file; messages end before.
    private long EndOfFile(long length)
    {
        Span<byte> tail = stackalloc byte[sizeof(int) + 6];
        if (length < 8 + tail.Length) throw new InvalidDataException($"it has {length} bytes; it is cut short");
        ModelFile.ReadExactly(_handle, _path, length - tail.Length, tail);
        if (!tail[sizeof(int)..].SequenceEqual(Magic)) throw new InvalidDataException("it does not end with ARROW1; it is cut short");
        int footer = BinaryPrimitives.ReadInt32LittleEndian(tail);
        long end = length - tail.Length - footer;
        return footer >= 0 && end >= 8 ? end : throw new InvalidDataException($"it claims an index of {footer} bytes in {length}");
    }

    private void Walk(long position, long end)
    {
        Span<byte> field = stackalloc byte[sizeof(int)];
        while (position <= end - field.Length)
        {
            long start = position;
            int length = ReadLength(field, ref position);
            if (length == Continuation) length = position <= end - field.Length ? ReadLength(field, ref position) : 0;
            if (length == 0) break;
            if (length < 0 || length > MetadataLimit || length > end - position)
                throw new InvalidDataException($"a message at byte {start} claims {length} bytes of metadata");
            byte[] metadata = new byte[length];
            ModelFile.ReadExactly(_handle, _path, position, metadata);
            position += length;
            ArrowMessage message = ArrowMessage.Check(metadata, end - position);
            position += message.BodyLength;
            Add(message.Kind, new FileRange(start, position - start));
        }

        if (_schemaAndDictionaries.Count == 0) throw new InvalidDataException("it holds no schema");
    }

    private int ReadLength(Span<byte> field, ref long position)
    {
        ModelFile.ReadExactly(_handle, _path, position, field);
        position += field.Length;
        return BinaryPrimitives.ReadInt32LittleEndian(field);
    }

    private void Add(ArrowMessageKind kind, FileRange range)
    {
        if (kind == ArrowMessageKind.Schema != (_schemaAndDictionaries.Count == 0))
            throw new InvalidDataException($"a message at byte {range.Start} is a {kind}, expected one schema at the begin");
        if (kind != ArrowMessageKind.RecordBatch) _schemaAndDictionaries.Add(range);
        else _batches.Add((range, _schemaAndDictionaries.Count - 1));
        if (_batches.Count > BatchLimit || _schemaAndDictionaries.Count > BatchLimit)
            throw new InvalidDataException($"more than {BatchLimit} messages");
    }
}

/// <summary>Consecutive bytes of a file.</summary>
internal readonly record struct FileRange(long Start, long Length);
