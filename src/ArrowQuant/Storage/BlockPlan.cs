using System.Numerics;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>Cuts one tensor into the blocks of whole matrix rows that become rows of a shard.</summary>
internal static class BlockPlan
{
    /// <summary>The most source bytes of a block, unless one matrix row has more.</summary>
    public const int MaxSourceBytes = 8 << 20;

    /// <summary>
    /// The rows of a full block, 1 or more: as many as keep its source within 8 MiB and its <c>data</c> within 4 MiB. Rows that do not fill
    /// whole bytes (kept 4- and 6-bit types) are taken in multiples that do.
    /// </summary>
    /// <param name="view">The tensor as a matrix; for a kept tensor with dimension 0 as the row.</param>
    /// <param name="type">The source's element type.</param>
    /// <param name="bitWidth">Bits per code, or null for a kept tensor.</param>
    /// <param name="tensorName">The tensor, for the message.</param>
    /// <exception cref="ModelFormatException">One matrix row would reach 2 GiB.</exception>
    public static int RowsPerBlock(MatrixView view, ElementType type, int? bitWidth, string? tensorName = null)
    {
        Int128 sourceRowBits = (Int128)view.Columns * type.BitSize();
        // Packed rows begin on a byte each; kept rows follow one another without gaps.
        Int128 dataRowBits = bitWidth is { } bits ? ((Int128)view.Columns * bits + 7) / 8 * 8 : sourceRowBits;
        int step = bitWidth is null ? 8 / (int)BigInteger.GreatestCommonDivisor(8, (BigInteger)sourceRowBits) : 1;
        Int128 leastBytes = (dataRowBits * Int128.Min(step, Int128.Max(1, view.Rows)) + 7) / 8;
        if (leastBytes > ArtefactLayout.MaxValueBytes)
        {
            string rows = (tensorName is null ? "" : $"tensor {tensorName}: ") + (step == 1 ? "a matrix row" : $"{step} matrix rows");
            string message = $"{rows} of {view.Columns} columns would store {leastBytes} bytes; no Parquet value may reach 2 GiB";
            throw new ModelFormatException(message) { TensorName = tensorName };
        }

        Int128 count = Int128.Max(1, view.Rows);
        if (sourceRowBits > 0) count = Int128.Min(count, MaxSourceBytes * (Int128)8 / sourceRowBits);
        if (dataRowBits > 0) count = Int128.Min(count, ArtefactLayout.MaxBlockDataBytes * (Int128)8 / dataRowBits);
        count = Int128.Min(count, int.MaxValue) / step * step;
        return (int)Int128.Max(count, step);
    }

    /// <summary>The blocks of a tensor in order; a tensor without rows has one block of none.</summary>
    /// <param name="view">The tensor as a matrix.</param>
    /// <param name="rowsPerBlock">What <see cref="RowsPerBlock"/> gave.</param>
    public static IEnumerable<(long RowStart, int RowCount)> Blocks(MatrixView view, int rowsPerBlock)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowsPerBlock);
        long start = 0;
        do
        {
            int count = (int)Math.Min(rowsPerBlock, view.Rows - start);
            yield return (start, count);
            start += count;
        }
        while (start < view.Rows);
    }
}
