namespace ArrowQuant.Benchmarks.Speed;

/// <summary>One kernel on one input.</summary>
internal sealed record KernelCase
{
    /// <summary>What it is.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes that count: read, or for kernels that mostly write, written.</summary>
    public required long Bytes { get; init; }

    /// <summary>How many of these bytes one weight has.</summary>
    public required double BytesPerParameter { get; init; }

    /// <summary>Whether the memory's write rate is its measure.</summary>
    public bool Writes { get; init; }

    /// <summary>Whether it runs in one thread only.</summary>
    public bool OneThread { get; init; }

    /// <summary>Runs it once on some threads; seconds.</summary>
    public required Func<int, double> Run { get; init; }

    /// <summary>The squared error of its result over the squared norm, and bits per weight; NaN where nothing is rounded.</summary>
    public Func<(double Nmse, double Bits)> Error { get; init; } = () => (double.NaN, double.NaN);
}
