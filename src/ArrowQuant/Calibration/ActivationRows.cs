namespace ArrowQuant.Calibration;

/// <summary>Takes one row of activations.</summary>
/// <param name="row">Its number in the layer's data.</param>
/// <param name="values">[features]; valid during the call only.</param>
internal delegate void RowVisitor(int row, ReadOnlySpan<float> values);

/// <summary>The activation rows of one layer as they lie in a file; read on demand. Thread-safe.</summary>
internal abstract class ActivationRows
{
    /// <summary>Bytes that a reader holds at most besides one row.</summary>
    protected const int BufferBytes = 1 << 20;

    /// <summary>The file, for messages.</summary>
    public required string FilePath { get; init; }

    /// <summary>The layer's name without <c>.weight</c>; empty for rows without a name.</summary>
    public required string Layer { get; init; }

    /// <summary>Values in a row.</summary>
    public required int Features { get; init; }

    /// <summary>Rows.</summary>
    public required int Count { get; init; }

    /// <summary>What the file gives as timesteps, NaN where a row has none; null when it gives none.</summary>
    public required double[]? Timesteps { get; init; }

    /// <summary>Reads rows.</summary>
    /// <param name="rows">Numbers of rows, ascending.</param>
    /// <param name="visit">Called once for each, in that order.</param>
    /// <exception cref="Errors.CalibrationException">The file changed or cannot be read.</exception>
    public abstract void Visit(ReadOnlySpan<int> rows, RowVisitor visit);
}
