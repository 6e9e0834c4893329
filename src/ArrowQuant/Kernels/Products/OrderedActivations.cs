using System.Runtime.InteropServices;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Rows of activations in the order of <see cref="PackedOrder"/>, in memory aligned to cache lines: vectors of 64 bytes that lie across two
/// lines take twice the time.
/// </summary>
internal sealed unsafe class OrderedActivations : IDisposable
{
    private readonly float* _values;
    private readonly int _padded;
    private readonly int _count;

    /// <summary>Allocates <paramref name="count"/> rows of <paramref name="columns"/> activations, not yet filled.</summary>
    public OrderedActivations(int columns, int count)
    {
        _padded = PackedOrder.PaddedLength(columns);
        _count = count;
        _values = (float*)NativeMemory.AlignedAlloc(checked((nuint)(_padded * (long)count * sizeof(float))), 64);
    }

    /// <summary>All rows, [count, padded length]; at most 2^31 values.</summary>
    public Span<float> All => new(_values, checked(_count * _padded));

    /// <summary>One row, [padded length].</summary>
    public Span<float> this[int row] => All.Slice(row * _padded, _padded);

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_values);
}
