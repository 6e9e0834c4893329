using ArrowQuant.Errors;

namespace ArrowQuant.Tensors;

/// <summary>
/// Counts the bytes of large buffers against one bound. A charge that does not fit is an error that names what needs the memory;
/// nothing is ever computed differently for lack of it. Thread-safe.
/// </summary>
public sealed class MemoryBudget
{
    private long _used;
    private long _peak;

    /// <summary>Creates a budget of <paramref name="limitBytes"/> bytes.</summary>
    public MemoryBudget(long limitBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        LimitBytes = limitBytes;
    }

    /// <summary>The bound in bytes.</summary>
    public long LimitBytes { get; }

    /// <summary>Bytes charged now.</summary>
    public long UsedBytes => Volatile.Read(ref _used);

    /// <summary>The most bytes that were ever charged at once.</summary>
    public long PeakBytes => Volatile.Read(ref _peak);

    /// <summary>Charges <paramref name="bytes"/> until the returned lease is disposed.</summary>
    /// <param name="bytes">How many bytes, 0 or more.</param>
    /// <param name="purpose">What needs them, for the message: <c>rows of blocks.0.mlp.fc1.weight</c>.</param>
    /// <exception cref="ResourceException">The charge does not fit below the bound.</exception>
    public IDisposable Charge(long bytes, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        long used = Interlocked.Add(ref _used, bytes);
        if (used > LimitBytes)
        {
            Interlocked.Add(ref _used, -bytes);
            throw new ResourceException(
                $"memory bound of {LimitBytes:N0} bytes (max_memory_mb) is too small: "
                + $"{purpose} needs {bytes:N0} bytes and {used - bytes:N0} are in use; raise --max-memory or lower --threads");
        }

        long peak = PeakBytes;
        while (used > peak)
        {
            long seen = Interlocked.CompareExchange(ref _peak, used, peak);
            if (seen == peak) break;
            peak = seen;
        }

        return new Lease(this, bytes);
    }

    private sealed class Lease(MemoryBudget budget, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose() => Interlocked.Add(ref budget._used, -Interlocked.Exchange(ref _bytes, 0));
    }
}
