using System.Buffers;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using Apache.Arrow.Memory;
using ArrowQuant.Sources;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Calibration;

/// <summary>The record batches of an Arrow IPC file or stream.</summary>
internal sealed class ArrowBatches : IBatchReader
{
    private readonly SafeFileHandle _handle;
    private readonly ArrowFrames _frames;
    private readonly FileSizedAllocator _allocator;

    private ArrowBatches(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _frames = ArrowFrames.Find(handle, path);
        _allocator = new FileSizedAllocator(RandomAccess.GetLength(handle));
    }

    /// <inheritdoc/>
    public int PartCount => _frames.BatchCount;

    /// <summary>Opens a file and checks its metadata.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or lies.</exception>
    public static IBatchReader Open(string path)
    {
        SafeFileHandle handle = ModelFile.OpenHandle(path);
        try
        {
            return new ArrowBatches(handle, path);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IEnumerable<RecordBatch> Batches(int part)
    {
        using ArrowStreamReader reader = new(_frames.Open(part), _allocator, leaveOpen: false);
        yield return reader.ReadNextRecordBatch() ?? throw new InvalidDataException($"record batch {part} is missing");
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

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
