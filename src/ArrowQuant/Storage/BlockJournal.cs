using System.Buffers.Binary;
using System.IO.Hashing;
using ArrowQuant.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Storage;

/// <summary>
/// A file of finished pieces of work that outlives a run: records are added at its end, each with a key and a hash of its own, and are read
/// again by key. A record is in the system's hands when <see cref="Append"/> returns, so that a kill loses none. It is brought to the disk
/// with others, every 64 MiB and at the first record that comes two seconds after the last time: that much a power cut may cost. What it
/// tore or swallowed is noticed by its hash, and everything behind the first such record is dropped. Thread-safe.
/// </summary>
internal sealed class BlockJournal : IDisposable
{
    private const int HeadBytes = 48;
    private const int PieceBytes = 1 << 20;
    private const long MostUnflushed = 64L << 20;

    private static readonly TimeSpan LongestUnflushed = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, (long Offset, int Bytes)> _records = [];
    private readonly SafeFileHandle _file;
    private readonly Action<string>? _beforeWrite;
    private readonly TimeProvider _clock;
    private long _end;
    private long _flushBegun;
    private long _flushedAt;
    private long _onDisk;

    private BlockJournal(string path, SafeFileHandle file, Action<string>? beforeWrite, TimeProvider clock)
    {
        FilePath = path;
        _file = file;
        _beforeWrite = beforeWrite;
        _clock = clock;
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>Records that can be read.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _records.Count;
        }
    }

    /// <summary>Bytes from the begin of the file that a power cut does not take.</summary>
    public long OnDisk => Interlocked.Read(ref _onDisk);

    /// <summary>Bytes behind the last whole record that were found, and dropped, when the journal was opened.</summary>
    public long TornBytes { get; private set; }

    // 16 bytes that no file of another program begins with.
    private static ReadOnlySpan<byte> Mark => "ArrowQuant blks1"u8;

    /// <summary>The journal of an output path.</summary>
    public static string PathOf(string outputPath) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(outputPath)) + ".finished-blocks";

    /// <summary>True when there is a journal at the path, whole or torn.</summary>
    public static bool Exists(string path)
    {
        if (!File.Exists(path)) return false;
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> mark = stackalloc byte[Mark.Length];
        int read = RandomAccess.Read(file, mark, 0);
        return Mark.StartsWith(mark[..read]);
    }

    /// <summary>Opens the journal at the path and checks every record in it; makes an empty one where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="beforeWrite">Told of every write, before it; what it throws the write fails with. Null for nobody.</param>
    /// <param name="clock">Tells when records are to be brought to the disk; null for the system's.</param>
    /// <exception cref="ResourceException">It cannot be read or written, or another file has its name.</exception>
    public static BlockJournal Open(string path, Action<string>? beforeWrite = null, TimeProvider? clock = null)
    {
        BlockJournal? journal = null;
        try
        {
            if (File.Exists(path) && !Exists(path))
                throw Failures.Resource(path, "is in the way of the finished blocks that --resume keeps; move it or choose another output");
            SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            journal = new BlockJournal(path, file, beforeWrite, clock ?? TimeProvider.System);
            journal.Recover();
            return journal;
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            journal?.Dispose();
            throw Failures.CannotWrite(path, e);
        }
    }

    /// <summary>Adds a record; one with the same key takes the place of the earlier one.</summary>
    /// <param name="key">What it is found by.</param>
    /// <param name="parts">Its content, in pieces.</param>
    /// <exception cref="ResourceException">It cannot be written; what was there before stays readable.</exception>
    public void Append(UInt128 key, IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        long bytes = parts.Sum(part => (long)part.Length);
        if (bytes > ArtefactLayout.MaxValueBytes) return; // a single row of this size is made again
        byte[] head = new byte[HeadBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(head, key);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(16), bytes);
        XxHash128 hash = new();
        hash.Append(head.AsSpan(0, 32));
        foreach (ReadOnlyMemory<byte> part in parts) hash.Append(part.Span);
        BinaryPrimitives.WriteUInt128LittleEndian(head.AsSpan(32), hash.GetCurrentHashAsUInt128());
        lock (_gate)
        {
            try
            {
                _beforeWrite?.Invoke(FilePath);
                RandomAccess.Write(_file, [head, .. parts], _end);
            }
            catch (Exception e) when (Failures.IsFileSystem(e) || e is ArgumentOutOfRangeException)
            {
                // The second is what the runtime makes of a file that may not grow. What reached the file is overwritten or found torn.
                throw Failures.CannotWrite(FilePath, e);
            }

            _records[key] = (_end + HeadBytes, (int)bytes);
            _end += HeadBytes + bytes;
        }

        FlushIfDue();
    }

    /// <summary>Whether a record with this key is there.</summary>
    public bool Contains(UInt128 key)
    {
        lock (_gate) return _records.ContainsKey(key);
    }

    /// <summary>The content of the record with this key, or null.</summary>
    /// <exception cref="ResourceException">It cannot be read any more.</exception>
    public byte[]? TryRead(UInt128 key)
    {
        (long Offset, int Bytes) record;
        lock (_gate)
        {
            if (!_records.TryGetValue(key, out record)) return null;
        }

        byte[] content = new byte[record.Bytes];
        try
        {
            if (ReadFully(content, record.Offset) == content.Length) return content;
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.Resource(FilePath, $"cannot be read: {e.Message}; run without --resume", e);
        }

        throw Failures.Resource(FilePath, "was cut short while it was used; run again");
    }

    /// <summary>Closes the file; it stays.</summary>
    public void Dispose() => _file.Dispose();

    private void Recover()
    {
        long length = RandomAccess.GetLength(_file);
        _end = Mark.Length;
        _flushBegun = _end;
        _flushedAt = _clock.GetTimestamp();
        if (length < Mark.Length)
        {
            RandomAccess.Write(_file, Mark, 0);
            Flush(_end); // so that even after a power cut the file is known to be ours
            LinuxFolders.Sync(Path.GetDirectoryName(FilePath)!);
            return;
        }

        byte[] piece = new byte[PieceBytes];
        while (_end < length && TryCheck(length, piece, out UInt128 key, out int bytes))
        {
            _records[key] = (_end + HeadBytes, bytes);
            _end += HeadBytes + bytes;
        }

        TornBytes = length - _end;
        if (TornBytes > 0) RandomAccess.SetLength(_file, _end);
        // An earlier run may have left records in the system's hands: they count as not flushed.
        _onDisk = Mark.Length;
    }

    // By the one worker that finds it due; the others go on writing.
    private void FlushIfDue()
    {
        long end;
        lock (_gate)
        {
            end = _end;
            if (end - _flushBegun < MostUnflushed && _clock.GetElapsedTime(_flushedAt) < LongestUnflushed) return;
            _flushBegun = end;
            _flushedAt = _clock.GetTimestamp();
        }

        try
        {
            Flush(end);
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.CannotWrite(FilePath, e);
        }
    }

    private void Flush(long end)
    {
        RandomAccess.FlushToDisk(_file);
        lock (_gate)
        {
            _flushBegun = Math.Max(_flushBegun, end);
            _flushedAt = _clock.GetTimestamp();
            _onDisk = Math.Max(_onDisk, end);
        }
    }

    private bool TryCheck(long length, byte[] piece, out UInt128 key, out int bytes)
    {
        key = default;
        bytes = 0;
        Span<byte> head = stackalloc byte[HeadBytes];
        if (ReadFully(head, _end) < HeadBytes) return false;
        key = BinaryPrimitives.ReadUInt128LittleEndian(head);
        long stated = BinaryPrimitives.ReadInt64LittleEndian(head[16..]);
        if (stated < 0 || stated > Math.Min(ArtefactLayout.MaxValueBytes, length - _end - HeadBytes)) return false;
        bytes = (int)stated;
        XxHash128 hash = new();
        hash.Append(head[..32]);
        for (int done = 0; done < bytes;)
        {
            Span<byte> part = piece.AsSpan(0, Math.Min(piece.Length, bytes - done));
            if (ReadFully(part, _end + HeadBytes + done) < part.Length) return false;
            hash.Append(part);
            done += part.Length;
        }

        return hash.GetCurrentHashAsUInt128() == BinaryPrimitives.ReadUInt128LittleEndian(head[32..]);
    }

    private int ReadFully(Span<byte> buffer, long offset)
    {
        int done = 0;
        for (int read; done < buffer.Length && (read = RandomAccess.Read(_file, buffer[done..], offset + done)) > 0;) done += read;
        return done;
    }
}
