using System.Runtime.InteropServices;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>Memory outside the managed heap, aligned to pages of 2 MiB, so that the system can back it with large ones.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 2 << 20;

    /// <summary>Allocates zeroed memory.</summary>
    public NativeBuffer(long bytes)
    {
        Bytes = bytes;
        Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        NativeMemory.Clear(Pointer, (nuint)bytes);
    }

    /// <summary>Size.</summary>
    public long Bytes { get; }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>A part of it.</summary>
    public Span<byte> Slice(long offset, int length) => new(Pointer + offset, length);

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(Pointer);
}
