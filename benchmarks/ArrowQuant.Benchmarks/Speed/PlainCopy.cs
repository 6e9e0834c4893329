using System.Globalization;
using System.Runtime.InteropServices;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>
/// What a program that only moves bytes needs: reads a file in blocks of 8 MiB on some threads and writes as many bytes as an artefact has
/// into a file of known size, brought to the disk: <c>model-copy SOURCE TARGET BYTES THREADS</c>.
/// </summary>
internal static unsafe class PlainCopy
{
    private const int Block = 8 << 20;

    /// <summary>Runs the program.</summary>
    public static int Run(string[] args)
    {
        long written = long.Parse(args[2], CultureInfo.InvariantCulture);
        int threads = int.Parse(args[3], CultureInfo.InvariantCulture);
        using var source = File.OpenHandle(args[0]);
        using var target = File.OpenHandle(
            args[1], FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: written);
        long length = RandomAccess.GetLength(source);
        int parts = (int)((length + Block - 1) / Block);
        Crew.Run(threads, parts, () =>
        {
            byte* buffer = (byte*)NativeMemory.AlignedAlloc(Block, 4096);
            return part =>
            {
                long begin = (long)part * Block;
                int count = (int)Math.Min(Block, length - begin);
                RandomAccess.Read(source, new Span<byte>(buffer, count), begin);
                long from = (long)((Int128)written * begin / length);
                long to = (long)((Int128)written * (begin + count) / length);
                RandomAccess.Write(target, new ReadOnlySpan<byte>(buffer, (int)(to - from)), from);
            };
        });
        RandomAccess.FlushToDisk(target);
        return 0;
    }
}
