using System.Runtime.InteropServices;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>Weights with a Gaussian's shape in every source format, and memory for results.</summary>
internal sealed class KernelData : IDisposable
{
    private const int Distinct = 1 << 20;

    /// <summary>Makes buffers of about that many bytes.</summary>
    public KernelData(long bytes)
    {
        float[] weights = SyntheticModels.Values(WeightDistribution.Gaussian, Distinct, 1);
        Half = Fill(bytes, [.. weights.Select(w => BitConverter.HalfToUInt16Bits((Half)w))]);
        BFloat16 = Fill(bytes, [.. weights.Select(w => (ushort)(BitConverter.SingleToUInt32Bits(w) >> 16))]);
        Single = Fill(bytes, weights);
        Target = new NativeBuffer(bytes);
    }

    /// <summary>F16.</summary>
    public NativeBuffer Half { get; }

    /// <summary>BF16.</summary>
    public NativeBuffer BFloat16 { get; }

    /// <summary>F32.</summary>
    public NativeBuffer Single { get; }

    /// <summary>Written to.</summary>
    public NativeBuffer Target { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer buffer in new[] { Half, BFloat16, Single, Target }) buffer.Dispose();
    }

    private static NativeBuffer Fill<T>(long bytes, T[] values)
        where T : unmanaged
    {
        var buffer = new NativeBuffer(bytes);
        Span<byte> pattern = MemoryMarshal.AsBytes(values.AsSpan());
        for (long offset = 0; offset < bytes; offset += pattern.Length)
        {
            int length = (int)Math.Min(pattern.Length, bytes - offset);
            pattern[..length].CopyTo(buffer.Slice(offset, length));
        }

        return buffer;
    }
}
