namespace ArrowQuant.Pipeline.Running;

/// <summary>What a worker of a run spends its time on.</summary>
internal enum RunPhase
{
    /// <summary>Reading source bytes.</summary>
    Read,

    /// <summary>Hashing them.</summary>
    Hash,

    /// <summary>Converting, fitting, coding and measuring, and waiting for the choices of a layer that another worker makes.</summary>
    Quantize,

    /// <summary>Making Parquet pages, hashing them and handing them to the system.</summary>
    Write,

    /// <summary>Ending a file: its last row group and footer, and bringing it to the disk.</summary>
    Flush,
}

/// <summary>Adds up how long the workers of a run spend in each phase, over all threads. Thread-safe.</summary>
internal sealed class PhaseTimes(TimeProvider clock)
{
    private readonly long[] _ticks = new long[Enum.GetValues<RunPhase>().Length];

    /// <summary>The moment at which a phase begins.</summary>
    public long Begin() => clock.GetTimestamp();

    /// <summary>Adds what has passed since <paramref name="began"/>, and gives the moment at which the next phase begins.</summary>
    public long End(RunPhase phase, long began)
    {
        long now = clock.GetTimestamp();
        Interlocked.Add(ref _ticks[(int)phase], now - began);
        return now;
    }

    /// <summary>The seconds of a phase, summed over threads.</summary>
    public double SecondsOf(RunPhase phase) => (double)Interlocked.Read(ref _ticks[(int)phase]) / clock.TimestampFrequency;
}
