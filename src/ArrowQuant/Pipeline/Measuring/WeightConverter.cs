using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>From a tensor's bytes to finite single-precision weights.</summary>
internal static class WeightConverter
{
    /// <summary>
    /// Floats that are converted and quantized at a time at least: small enough for a cache, and one matrix row if that is longer.
    /// </summary>
    public const int PieceLength = 64 * 1024;

    // The same where rows are fitted by their range alone, one after the other: for the first level of a cache.
    private const int RangePieceLength = 4 * 1024;

    /// <summary>
    /// Rows of a piece: at least as many as are compensated together where the layer is fitted to its inputs, and whole tiles of a trellis.
    /// </summary>
    public static int RowsPerPiece(long columns, bool calibrated, bool tiles = false)
    {
        int rows = (int)Math.Max(calibrated ? CompensatedCoder.RowsTogether : 1, PieceLength / Math.Max(1, columns));
        return tiles ? (rows + TrellisTable.TileRows - 1) / TrellisTable.TileRows * TrellisTable.TileRows : rows;
    }

    /// <summary>Rows of a piece of a layer whose choices are made.</summary>
    public static int RowsPerPiece(long columns, PreparedLayer layer)
    {
        bool byRange = layer is { Correction: null, Hessian: null, Format.Layout: CodeLayout.Affine, Search: AffineSearch.MinMax };
        return byRange
            ? (int)Math.Max(1, RangePieceLength / columns)
            : RowsPerPiece(columns, layer.Correction is not null, layer.Format.Trellis is not null);
    }

    /// <summary>Converts [rows, columns] elements.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="reader">The tensor, for its type and for messages.</param>
    /// <param name="rowOf">The matrix row of each row of the piece.</param>
    /// <param name="bytes">Little-endian values.</param>
    /// <param name="weights">As many floats.</param>
    /// <exception cref="ModelFormatException">A value is NaN or infinite.</exception>
    public static void Convert(KernelSet kernels, MatrixReader reader, Func<int, long> rowOf, ReadOnlySpan<byte> bytes, Span<float> weights)
    {
        TensorInfo tensor = reader.Tensor;
        if (kernels.ToSingle(ElementTypeFormats.FormatOf(tensor.ElementType), bytes, weights)) return;
        int bad = FiniteCheck.FirstNonFinite(weights);
        int columns = (int)reader.View.Columns;
        throw new ModelFormatException(
            $"{tensor.FilePath}: tensor {tensor.FullName} holds {weights[bad]} at row {rowOf(bad / columns)}, column {bad % columns} "
            + $"of its [{reader.View.Rows}, {columns}] matrix; "
            + "finite weights are expected: repair the model or keep the layer with --exclude")
        {
            FilePath = tensor.FilePath,
            TensorName = tensor.FullName,
        };
    }
}
