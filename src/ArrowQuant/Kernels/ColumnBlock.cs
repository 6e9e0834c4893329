using System.Runtime.InteropServices;

namespace ArrowQuant.Kernels;

/// <summary>
/// A block of columns that are quantized one after the other, for many rows at once: working weights, codes and scaled errors, column by
/// column, so that rows lie across the lanes.
/// </summary>
internal sealed unsafe class ColumnBlock : IDisposable
{
    /// <summary>Columns of a block: errors reach the columns behind it in one product.</summary>
    public const int Columns = 128;

    /// <summary>Allocates a block for <paramref name="rows"/> rows.</summary>
    public ColumnBlock(int rows)
    {
        Rows = rows;
        PaddedRows = ColumnGrids.Pad(rows);
        nuint count = (nuint)(Columns * PaddedRows);
        Weights = (float*)NativeMemory.AlignedAlloc(count * sizeof(float), 64);
        Errors = (float*)NativeMemory.AlignedAlloc(count * sizeof(float), 64);
        Codes = (byte*)NativeMemory.AlignedAlloc(count, 64);
    }

    /// <summary>Rows of weights.</summary>
    public int Rows { get; }

    /// <summary>Rows, padding included.</summary>
    public int PaddedRows { get; }

    /// <summary>[columns, padded rows] working weights.</summary>
    internal float* Weights { get; }

    /// <summary>[columns, padded rows] errors over the diagonal of the factor.</summary>
    internal float* Errors { get; }

    /// <summary>[columns, padded rows] codes.</summary>
    internal byte* Codes { get; }

    /// <summary>
    /// Loads columns <paramref name="columns"/> of [rows, stride] weights; order[i] is the source column of block column i.
    /// </summary>
    public void Load(ReadOnlySpan<float> weights, int stride, ReadOnlySpan<int> columns)
    {
        for (int c = 0; c < columns.Length; c++)
        {
            float* target = Weights + (nint)c * PaddedRows;
            for (int r = 0; r < Rows; r++) target[r] = weights[r * stride + columns[c]];
            for (int r = Rows; r < PaddedRows; r++) target[r] = 0f;
        }
    }

    /// <summary>
    /// Copies block columns [start, start + count) into [rows, stride] values from column <paramref name="targetColumn"/> on.
    /// </summary>
    public void CopyWeights(int start, int count, Span<float> target, int stride, int targetColumn)
    {
        for (int c = 0; c < count; c++)
        {
            float* source = Weights + (nint)(start + c) * PaddedRows;
            for (int r = 0; r < Rows; r++) target[r * stride + targetColumn + c] = source[r];
        }
    }

    /// <summary>Copies the errors of the first <paramref name="count"/> columns into [rows, count].</summary>
    public void CopyErrors(int count, Span<float> target)
    {
        for (int c = 0; c < count; c++)
        {
            float* source = Errors + (nint)c * PaddedRows;
            for (int r = 0; r < Rows; r++) target[r * count + c] = source[r];
        }
    }

    /// <summary>Copies codes into [rows, stride]; columns[i] is the target column of block column i.</summary>
    public void CopyCodes(Span<byte> target, int stride, ReadOnlySpan<int> columns)
    {
        for (int c = 0; c < columns.Length; c++)
        {
            byte* source = Codes + (nint)c * PaddedRows;
            for (int r = 0; r < Rows; r++) target[r * stride + columns[c]] = source[r];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Weights);
        NativeMemory.AlignedFree(Errors);
        NativeMemory.AlignedFree(Codes);
    }
}
