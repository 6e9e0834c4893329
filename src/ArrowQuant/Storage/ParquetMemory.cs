using ParquetSharp;

namespace ArrowQuant.Storage;

/// <summary>
/// How the Parquet library takes memory: from the system, which gets it back. The library's own pool keeps what was freed, 40 MiB of a run
/// on two threads.
/// </summary>
internal static class ParquetMemory
{
    /// <summary>The pool of all readers and writers.</summary>
    public static MemoryPool Pool() => MemoryPool.SystemMemoryPool();

    /// <summary>Properties of a reader that holds a part of a column chunk in memory, never all of it.</summary>
    public static ReaderProperties BufferedReader()
    {
        ReaderProperties properties = ReaderProperties.WithMemoryPool(Pool());
        properties.EnableBufferedStream();
        return properties;
    }
}
