using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Calibration;

/// <summary>Ranges of a file as one stream that is read forward. Does not own the file.</summary>
/// <param name="handle">The open file.</param>
/// <param name="ranges">What is read, in order.</param>
internal sealed class FileRanges(SafeFileHandle handle, IReadOnlyList<FileRange> ranges) : Stream
{
    private int _range;
    private long _done;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => ranges.Sum(range => range.Length);

    /// <inheritdoc/>
    public override long Position
    {
        get => ranges.Take(_range).Sum(range => range.Length) + _done;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        while (_range < ranges.Count && _done == ranges[_range].Length) (_range, _done) = (_range + 1, 0);
        if (_range == ranges.Count) return 0;
        FileRange range = ranges[_range];
        int read = RandomAccess.Read(handle, buffer[..(int)Math.Min(buffer.Length, range.Length - _done)], range.Start + _done);
        _done += read;
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
