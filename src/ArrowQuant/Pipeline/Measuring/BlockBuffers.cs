using System.Runtime.InteropServices;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>The reused native buffers of one worker. They grow to the largest block and are freed with the worker.</summary>
internal sealed unsafe class BlockBuffers : IDisposable
{
    private const int Alignment = 64;

    private byte* _source;
    private long _sourceBytes;
    private float* _weights;
    private long _weightCount;

    /// <summary>Frees the buffers.</summary>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_source);
        NativeMemory.AlignedFree(_weights);
        _source = null;
        _weights = null;
        _sourceBytes = _weightCount = 0;
    }

    /// <summary>A buffer of exactly <paramref name="bytes"/> bytes, valid until the next call.</summary>
    public Span<byte> Source(long bytes)
    {
        if (bytes > _sourceBytes)
        {
            NativeMemory.AlignedFree(_source);
            _source = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
            _sourceBytes = bytes;
        }

        return new Span<byte>(_source, checked((int)bytes));
    }

    /// <summary>A buffer of exactly <paramref name="count"/> floats, valid until the next call.</summary>
    public Span<float> Weights(long count)
    {
        if (count > _weightCount)
        {
            NativeMemory.AlignedFree(_weights);
            _weights = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), Alignment);
            _weightCount = count;
        }

        return new Span<float>(_weights, checked((int)count));
    }
}
