using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels;

/// <summary>
/// Brings the bytes near that are read after a kernel, a few with every part of its own work, so that memory is busy while it computes.
/// Only a hint: nothing is read.
/// </summary>
/// <param name="next">What is read next.</param>
/// <param name="length">Bytes of it; 0 for nothing.</param>
/// <param name="count">Values that the kernel works on, 1 or more.</param>
internal unsafe struct ReadAhead(byte* next, int length, int count)
{
    private const int Line = 64;

    private readonly int _perValue = (length + count - 1) / count;
    private byte* _place = next;
    private int _left = length;

    /// <summary>Called before work on as many of the values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(int values)
    {
        int bytes = Math.Min(_left, values * _perValue);
        _left -= bytes;
        for (; bytes > 0 && Sse.IsSupported; bytes -= Line, _place += Line) Sse.Prefetch0(_place);
    }
}
