namespace ArrowQuant.Tensors;

/// <summary>
/// How a tensor is seen as a matrix: row = output channel, columns = everything else flattened in order.
/// </summary>
/// <param name="Rows">How many rows: the size of dimension <paramref name="RowAxis"/>; 1 for scalars and 1-D tensors.</param>
/// <param name="Columns">How many columns: the product of the other dimensions.</param>
/// <param name="RowAxis">The source dimension that is the row: 0, or 1 for [in, out, ...] weights.</param>
public readonly record struct MatrixView(long Rows, long Columns, int RowAxis)
{
    /// <summary>Views <paramref name="shape"/> as a matrix with rows along dimension <paramref name="rowAxis"/> (0 or 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rowAxis"/> is neither 0 nor 1, or 1 for a shape with less than two
    /// dimensions.</exception>
    public static MatrixView Of(TensorShape shape, int rowAxis = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowAxis);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowAxis, shape.Rank >= 2 ? 1 : 0);
        if (shape.Rank < 2) return new MatrixView(1, shape.ElementCount, 0);
        long rows = shape.Dimensions[rowAxis];
        return new MatrixView(rows, rows == 0 ? 0 : shape.ElementCount / rows, rowAxis);
    }
}
