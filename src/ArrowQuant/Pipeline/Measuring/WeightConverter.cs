using System.Runtime.InteropServices;
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

    private const int PartBytes = 512 * 1024;

    /// <summary>
    /// Rows of a piece: at least as many as are compensated together where the layer is fitted to its inputs, and whole tiles of a trellis.
    /// </summary>
    public static int RowsPerPiece(long columns, bool calibrated, bool tiles = false)
    {
        int rows = (int)Math.Max(calibrated ? CompensatedCoder.RowsTogether : 1, PieceLength / Math.Max(1, columns));
        return tiles ? (rows + TrellisTable.TileRows - 1) / TrellisTable.TileRows * TrellisTable.TileRows : rows;
    }

    /// <summary>
    /// Rows that are read at a time: whole pieces, about as much as the second level of a cache holds beside other things.
    /// </summary>
    public static int RowsPerPart(long rowBytes, int pieceRows) =>
        (int)Math.Max(1, PartBytes / Math.Max(1, rowBytes) / pieceRows) * pieceRows;

    /// <summary>Rows of a piece of a layer whose choices are made.</summary>
    public static int RowsPerPiece(long columns, PreparedLayer layer)
    {
        bool byRange = layer is
        {
            Correction: null, Hessian: null, Search: AffineSearch.MinMax,
            Format: { Layout: CodeLayout.Affine, IsTransformed: false },
        };
        return byRange
            ? (int)Math.Max(1, RangePieceLength / columns)
            : RowsPerPiece(columns, layer.Correction is not null, layer.Format.Trellis is not null);
    }

    /// <summary>Converts [rows, columns] elements; single precision is taken as it lies there.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="reader">The tensor, for its type and for messages.</param>
    /// <param name="rowOf">The matrix row of each row of the piece.</param>
    /// <param name="bytes">Little-endian values.</param>
    /// <param name="weights">As many floats.</param>
    /// <returns>The weights: in <paramref name="weights"/>, or in <paramref name="bytes"/> themselves.</returns>
    /// <exception cref="ModelFormatException">A value is NaN or infinite.</exception>
    public static ReadOnlySpan<float> Convert(
        KernelSet kernels, MatrixReader reader, Func<int, long> rowOf, ReadOnlySpan<byte> bytes, Span<float> weights)
    {
        TensorInfo tensor = reader.Tensor;
        FloatFormat format = ElementTypeFormats.FormatOf(tensor.ElementType);
        if (TryConvert(kernels, format, bytes, weights, out ReadOnlySpan<float> found)) return found;
        int bad = FiniteCheck.FirstNonFinite(found);
        int columns = (int)reader.View.Columns;
        throw new ModelFormatException(
            $"{tensor.FilePath}: tensor {tensor.FullName} holds {found[bad]} at row {rowOf(bad / columns)}, column {bad % columns} "
            + $"of its [{reader.View.Rows}, {columns}] matrix; "
            + "finite weights are expected: repair the model or keep the layer with --exclude")
        {
            FilePath = tensor.FilePath,
            TensorName = tensor.FullName,
        };
    }

    /// <summary>The same without a message.</summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="format">The type of the values.</param>
    /// <param name="bytes">Little-endian values.</param>
    /// <param name="weights">As many floats, for those that are converted.</param>
    /// <param name="found">The weights.</param>
    /// <returns>Whether all are finite.</returns>
    public static bool TryConvert(
        KernelSet kernels, FloatFormat format, ReadOnlySpan<byte> bytes, Span<float> weights, out ReadOnlySpan<float> found)
    {
        bool inPlace = format == FloatFormat.Single && BitConverter.IsLittleEndian;
        found = inPlace ? MemoryMarshal.Cast<byte, float>(bytes) : weights;
        return inPlace ? FiniteCheck.FirstNonFinite(found) < 0 : kernels.ToSingle(format, bytes, weights);
    }
}
