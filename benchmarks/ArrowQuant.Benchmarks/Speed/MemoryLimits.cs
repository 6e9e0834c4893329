using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>What the memory can do: the measure that kernels are held against.</summary>
internal static unsafe class MemoryLimits
{
    /// <summary>Bytes of a part.</summary>
    public const int PartBytes = 1 << 20;

    /// <summary>Reads a buffer once, with the widest loads, doing next to nothing with it; returns seconds.</summary>
    public static double Read(NativeBuffer buffer, int threads)
    {
        long result = 0;
        double seconds = Crew.Run(threads, (int)(buffer.Bytes / PartBytes), () => part =>
            Interlocked.Add(ref result, Sum(buffer.Pointer + (long)part * PartBytes)));
        GC.KeepAlive(result);
        return seconds;
    }

    /// <summary>Writes a buffer once with stores that pass the caches by; returns seconds.</summary>
    public static double Write(NativeBuffer buffer, int threads) =>
        Crew.Run(threads, (int)(buffer.Bytes / PartBytes), () => part => Fill(buffer.Pointer + (long)part * PartBytes));

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static long Sum(byte* source)
    {
        Vector512<long> a = default, b = default, c = default, d = default;
        for (int i = 0; i < PartBytes; i += 256)
        {
            a ^= Vector512.Load((long*)(source + i));
            b ^= Vector512.Load((long*)(source + i + 64));
            c ^= Vector512.Load((long*)(source + i + 128));
            d ^= Vector512.Load((long*)(source + i + 192));
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Fill(byte* target)
    {
        for (int i = 0; i < PartBytes; i += 64) Vector512.StoreAlignedNonTemporal(Vector512.Create((byte)1), target + i);
    }
}
