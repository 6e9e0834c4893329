using System.Buffers;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Memory;
using ArrowQuant.Sources;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Calibration;

/// <summary>The record batches of an Arrow IPC file, or of a stream, which has no index and is one part.</summary>
internal sealed class ArrowBatches : IBatchReader
{
    private readonly ArrowStreamReader _reader;

    private ArrowBatches(ArrowStreamReader reader, int partCount)
    {
        _reader = reader;
        PartCount = partCount;
    }

    /// <inheritdoc/>
    public int PartCount { get; }

    /// <summary>Opens a file.</summary>
    public static IBatchReader Open(string path)
    {
        SafeFileHandle handle = ModelFile.OpenHandle(path);
        FileStream stream = new(handle, FileAccess.Read, 1 << 16);
        try
        {
            byte[] magic = new byte[6];
            bool isFile = stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length
                && magic.AsSpan().SequenceEqual("ARROW1"u8);
            stream.Position = 0;
            FileSizedAllocator allocator = new(stream.Length);
            if (!isFile) return new ArrowBatches(new ArrowStreamReader(stream, allocator, leaveOpen: false), 1);
            ArrowFileReader reader = new(stream, allocator, leaveOpen: false);
            return new ArrowBatches(reader, reader.RecordBatchCountAsync().AsTask().GetAwaiter().GetResult());
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<RecordBatch> Batches(int part)
    {
        if (_reader is ArrowFileReader file)
        {
            yield return file.ReadRecordBatchAsync(part).AsTask().GetAwaiter().GetResult()
                ?? throw new InvalidDataException($"record batch {part} is missing");
            yield break;
        }

        while (_reader.ReadNextRecordBatch() is { } batch) yield return batch;
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    // No batch is larger than the file: a size that lies is refused before memory is taken for it.
    private sealed class FileSizedAllocator(long fileLength) : MemoryAllocator
    {
        protected override IMemoryOwner<byte> AllocateInternal(int length, out int bytesAllocated)
        {
            if (length > fileLength + Alignment) throw new InvalidDataException($"a batch of {length} bytes in a file of {fileLength}");
            bytesAllocated = length;
            return new Block(length);
        }
    }

    private sealed class Block(int length) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = new byte[length];

        public void Dispose()
        {
        }
    }
}
