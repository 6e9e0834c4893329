using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>The product of two operands for one output tile, or subtracted from a whole matrix.</summary>
internal static unsafe class TileProduct<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Sets <c>sums[i, j] = sum over terms of left(p, row + i) right(p, column + j)</c>.</summary>
    /// <param name="left">Operand of the rows.</param>
    /// <param name="row">First row.</param>
    /// <param name="rows">Rows, at most <see cref="TileScratch.Edge"/>.</param>
    /// <param name="right">Operand of the columns.</param>
    /// <param name="column">First column.</param>
    /// <param name="columns">Columns, at most <see cref="TileScratch.Edge"/>.</param>
    /// <param name="firstTerm">First term.</param>
    /// <param name="endTerm">One past the last term.</param>
    /// <param name="scratch">Receives the sums; left, right and corner are overwritten.</param>
    public static void Sum(
        in Operand left, int row, int rows, in Operand right, int column, int columns, int firstTerm, int endTerm, TileScratch scratch)
    {
        new Span<double>(scratch.Sums, TileScratch.Edge * TileScratch.Edge).Clear();
        for (int term = firstTerm; term < endTerm; term += TileScratch.Depth)
        {
            int depth = Math.Min(TileScratch.Depth, endTerm - term);
            PackLeft(left, row, rows, term, depth, scratch.Left);
            PanelPacking<T>.Pack(right, column, columns, term, depth, RegisterTile<T>.Columns, scratch.Right);
            for (int j = 0; j < columns; j += RegisterTile<T>.Columns)
            {
                for (int i = 0; i < rows; i += RegisterTile<T>.Rows)
                {
                    RegisterTile<T>.Multiply(scratch.Left + (nint)i * depth, scratch.Right + (nint)j * depth, depth, scratch.Corner);
                    AddCorner(scratch.Corner, scratch.Sums + i * TileScratch.Edge + j);
                }
            }
        }
    }

    /// <summary><c>c[i, j] -= sum over terms of left(p, i) right(p, j)</c>, one subtraction per panel.</summary>
    /// <param name="c">[rows, columns] in rows of <paramref name="stride"/> elements.</param>
    /// <param name="stride">Distance of the rows of c.</param>
    /// <param name="left">Operand of the rows.</param>
    /// <param name="rows">Rows of c.</param>
    /// <param name="right">Operand of the columns.</param>
    /// <param name="columns">Columns of c.</param>
    /// <param name="terms">Terms.</param>
    /// <param name="scratch">Left, right and corner are overwritten.</param>
    public static void Subtract(
        float* c, nint stride, in Operand left, int rows, in Operand right, int columns, int terms, TileScratch scratch)
    {
        for (int term = 0; term < terms; term += TileScratch.Depth)
        {
            int depth = Math.Min(TileScratch.Depth, terms - term);
            for (int row = 0; row < rows; row += TileScratch.Edge)
            {
                int height = Math.Min(TileScratch.Edge, rows - row);
                PackLeft(left, row, height, term, depth, scratch.Left);
                for (int column = 0; column < columns; column += TileScratch.Edge)
                {
                    int width = Math.Min(TileScratch.Edge, columns - column);
                    PanelPacking<T>.Pack(right, column, width, term, depth, RegisterTile<T>.Columns, scratch.Right);
                    SubtractPanel(c + row * stride + column, stride, height, width, depth, scratch);
                }
            }
        }
    }

    private static void SubtractPanel(float* c, nint stride, int rows, int columns, int depth, TileScratch scratch)
    {
        for (int j = 0; j < columns; j += RegisterTile<T>.Columns)
        {
            int width = Math.Min(RegisterTile<T>.Columns, columns - j);
            for (int i = 0; i < rows; i += RegisterTile<T>.Rows)
            {
                RegisterTile<T>.Multiply(scratch.Left + (nint)i * depth, scratch.Right + (nint)j * depth, depth, scratch.Corner);
                SubtractCorner(scratch.Corner, Math.Min(RegisterTile<T>.Rows, rows - i), width, c + i * stride + j, stride);
            }
        }
    }

    // The rows of a register tile are no multiple of wide vectors.
    private static void PackLeft(in Operand left, int row, int rows, int term, int depth, float* target)
    {
        if (T.Count == 1) PanelPacking<Lanes1>.Pack(left, row, rows, term, depth, RegisterTile<T>.Rows, target);
        else PanelPacking<Lanes4>.Pack(left, row, rows, term, depth, RegisterTile<T>.Rows, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddCorner(float* corner, double* sums)
    {
        T one = T.Of(1f);
        for (int i = 0; i < RegisterTile<T>.Rows; i++, corner += RegisterTile<T>.Columns, sums += TileScratch.Edge)
        {
            for (int j = 0; j < RegisterTile<T>.Columns; j += T.Count) T.AddProducts(T.Load(corner + j), one, sums + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SubtractCorner(float* corner, int rows, int columns, float* c, nint stride)
    {
        for (int i = 0; i < rows; i++, corner += RegisterTile<T>.Columns, c += stride)
        {
            int j = 0;
            for (; j + T.Count <= columns; j += T.Count) T.Store(T.Load(c + j) - T.Load(corner + j), c + j);
            for (; j < columns; j++) c[j] -= corner[j];
        }
    }
}
