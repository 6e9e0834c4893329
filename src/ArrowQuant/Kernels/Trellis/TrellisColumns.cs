using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Trellis;

/// <summary>Codes the columns of a matrix, one path for every column and tile of rows.</summary>
internal static unsafe class TrellisColumns<T>
    where T : unmanaged, ILanes<T>
{
    private const int Together = 16;

    /// <summary>Finds the codes of [rows, columns] weights; the first row begins a tile.</summary>
    /// <param name="rows">The weights, all finite.</param>
    /// <param name="table">The trellis.</param>
    /// <param name="gains">[rows, groups per row] gains, 0 or more.</param>
    /// <param name="codes">Receives [rows, columns] codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode(GroupRows rows, TrellisTable table, ReadOnlySpan<float> gains, Span<byte> codes)
    {
        int longest = Math.Min(rows.Rows, TrellisTable.TileRows);
        nint floats = (nint)(Together + 1) * longest;
        byte* memory = (byte*)NativeMemory.AlignedAlloc(
            (nuint)(floats * sizeof(float) + Together * longest + TrellisPath<T>.ScratchLength(table, longest) + 64), 64);
        try
        {
            float* gain = (float*)memory;
            float* x = gain + longest;
            byte* found = (byte*)(x + (nint)Together * longest);
            byte* scratch = found + (nint)Together * longest;
            for (int first = 0; first < rows.Rows; first += TrellisTable.TileRows)
            {
                int steps = Math.Min(TrellisTable.TileRows, rows.Rows - first);
                for (int group = 0; group < rows.GroupsPerRow; group++)
                {
                    for (int i = 0; i < steps; i++) gain[i] = gains[(first + i) * rows.GroupsPerRow + group];
                    int end = Math.Min((group + 1) * rows.GroupSize, rows.Columns);
                    for (int column = group * rows.GroupSize; column < end; column += Together)
                    {
                        int count = Math.Min(Together, end - column);
                        Gather(rows, first, steps, column, count, x);
                        for (int c = 0; c < count; c++)
                            TrellisPath<T>.Find(table, x + (nint)c * steps, gain, steps, scratch, found + (nint)c * steps);
                        Scatter(found, steps, count, codes.Slice(first * rows.Columns + column), rows.Columns);
                    }
                }
            }
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(GroupRows rows, int first, int steps, int column, int count, float* x)
    {
        for (int i = 0; i < steps; i++)
        {
            ReadOnlySpan<float> row = rows.Values.Slice((first + i) * rows.Columns + column, count);
            for (int c = 0; c < row.Length; c++) x[(nint)c * steps + i] = row[c];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scatter(byte* found, int steps, int count, Span<byte> codes, int stride)
    {
        for (int i = 0; i < steps; i++)
        {
            Span<byte> row = codes.Slice(i * stride, count);
            for (int c = 0; c < row.Length; c++) row[c] = found[(nint)c * steps + i];
        }
    }
}
