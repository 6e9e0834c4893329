using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace ArrowQuant.Calibration;

/// <summary>
/// The calibration data of one layer in memory: rows to fit to and rows held out, or moments of channels where no rows were kept.
/// Rows are ordered by timestep. Disposing returns the memory to the budget.
/// </summary>
internal sealed class LayerCalibration : IDisposable
{
    private readonly IDisposable? _lease;

    /// <summary>Takes over the charge of its buffers.</summary>
    public LayerCalibration(IDisposable? lease) => _lease = lease;

    /// <summary>Input channels; columns of the layer's matrix.</summary>
    public required int Features { get; init; }

    /// <summary>Rows to fit to, [fit rows, Features] row-major; empty without rows.</summary>
    public float[] Fit { get; init; } = [];

    /// <summary>The time group of each row to fit to.</summary>
    public int[] FitGroup { get; init; } = [];

    /// <summary>Rows to measure with, never to fit to, [held-out rows, Features] row-major; empty without rows.</summary>
    public float[] HeldOut { get; init; } = [];

    /// <summary>
    /// The rows of <see cref="Fit"/> as the original model makes them, where those are made by a partly quantized one; else null.
    /// </summary>
    public float[]? FitOriginal { get; init; }

    /// <summary>The same for <see cref="HeldOut"/>.</summary>
    public float[]? HeldOutOriginal { get; init; }

    /// <summary>The time group of each held-out row. A small group may have none.</summary>
    public int[] HeldOutGroup { get; init; } = [];

    /// <summary>The time groups in ascending order, at least one; each has a row to fit to.</summary>
    public required IReadOnlyList<TimeGroup> Groups { get; init; }

    /// <summary>Means of squares of every input channel, [groups, Features]; null with rows.</summary>
    public float[]? SquareMeans { get; init; }

    /// <summary>Why methods that need timesteps cannot use the data, or null: then there is one group of everything.</summary>
    public CalibrationDefect? TimeDefect { get; init; }

    /// <summary>True with rows, false with moments only.</summary>
    public bool HasSamples => SquareMeans is null;

    /// <summary>Rows to fit to.</summary>
    public int FitCount => FitGroup.Length;

    /// <summary>Rows to measure with.</summary>
    public int HeldOutCount => HeldOutGroup.Length;

    /// <summary>Equal for layers with the same rows or moments in the same time groups: these share a Hessian.</summary>
    public UInt128 InputHash { get; private set; }

    /// <summary>Hashes the data, once it is filled in.</summary>
    public LayerCalibration Hashed()
    {
        XxHash128 hash = new();
        Append<int>(hash, [Features, Groups.Count, FitCount, HeldOutCount]);
        Append<float>(hash, Fit);
        Append<int>(hash, FitGroup);
        Append<float>(hash, HeldOut);
        Append<int>(hash, HeldOutGroup);
        Append<float>(hash, SquareMeans);
        InputHash = hash.GetCurrentHashAsUInt128();
        return this;
    }

    /// <inheritdoc/>
    public void Dispose() => _lease?.Dispose();

    // The hash is never stored, so that the order of bytes does not matter.
    private static void Append<T>(XxHash128 hash, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        // In pieces: a span of bytes cannot be as long as a span of floats.
        const int Piece = 1 << 28;
        for (; values.Length > Piece; values = values[Piece..]) hash.Append(MemoryMarshal.AsBytes(values[..Piece]));
        hash.Append(MemoryMarshal.AsBytes(values));
    }
}
