using System.IO.Hashing;
using System.Security.Cryptography;

namespace ArrowQuant.Storage;

/// <summary>
/// A new file that is written once from front to back and hashed on the way. After <see cref="Abandon"/> nothing more reaches the file, so
/// that a library that wants to write a footer while it is being disposed cannot make a half-written file look whole.
/// </summary>
internal sealed class HashingFileStream : Stream
{
    private readonly FileStream _file;
    private readonly XxHash128 _xxh128 = new();
    private readonly IncrementalHash? _sha256;
    private bool _abandoned;

    /// <param name="path">The file.</param>
    /// <param name="sha256">Whether SHA-256 is computed as well.</param>
    /// <param name="mode">How it is opened.</param>
    /// <param name="expectedBytes">What is set aside on the disk at once, which makes writing faster and a full disk known early.</param>
    public HashingFileStream(string path, bool sha256, FileMode mode = FileMode.CreateNew, long expectedBytes = 0)
    {
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 1 << 16,
            PreallocationSize = expectedBytes,
        });
        _sha256 = sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    }

    /// <summary>The first failure of the file system, which the Parquet library only passes on as text.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Told of every write, with the path, before it; what it throws the write fails with. Null for nobody.</summary>
    public Action<string>? BeforeWrite { get; init; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => Position;

    public override long Position { get; set; }

    public string Xxh128Hex => StoredRowCodec.HashText(_xxh128.GetCurrentHashAsUInt128());

    public string? Sha256Hex => _sha256 is null ? null : Convert.ToHexStringLower(_sha256.GetCurrentHash());

    public void Abandon() => _abandoned = true;

    /// <summary>Gives back what was set aside in vain, and brings everything to the disk.</summary>
    public void FlushToDisk()
    {
        if (_file.CanSeek && _file.Length > Position) _file.SetLength(Position);
        _file.Flush(flushToDisk: true);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Position += buffer.Length;
        if (_abandoned) return;
        try
        {
            BeforeWrite?.Invoke(_file.Name);
            _file.Write(buffer);
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            Failure ??= e;
            throw;
        }
        catch (ArgumentOutOfRangeException e)
        {
            // What the runtime makes of a file that the file system or a limit of the process does not let grow.
            Failure ??= new IOException("the file cannot grow any more: the file system or a limit of the process forbids it", e);
            throw;
        }

        _xxh128.Append(buffer);
        _sha256?.AppendData(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        if (!_abandoned) _file.Flush();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _sha256?.Dispose();
            try
            {
                _file.Dispose();
            }
            catch (Exception e) when (_abandoned && Failures.IsFileSystem(e))
            {
                // What was still buffered belongs to a file that nobody will read; the handle is closed all the same.
            }
        }

        base.Dispose(disposing);
    }
}
