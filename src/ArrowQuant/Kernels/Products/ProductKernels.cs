namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Products of a matrix with rows of activations, one thread. Every product is defined by <see cref="RowProduct{T, TValues, TCut}"/> alone:
/// neither the vector width nor how many rows or activations come together changes a bit of it.
/// </summary>
internal abstract class ProductKernels
{
    /// <summary>Multiplies packed rows without decoding them into memory.</summary>
    /// <param name="matrix">The rows.</param>
    /// <param name="activations">[count, <see cref="PackedOrder.PaddedLength"/>], each arranged for the codes' bits.</param>
    /// <param name="count">Rows of activations.</param>
    /// <param name="products">Receives the product of row r and activations a at <c>a * stride + r</c>.</param>
    /// <param name="stride">Distance of the products of two rows of activations, at least the rows of the matrix.</param>
    /// <exception cref="ArgumentException">Lengths do not fit together, or the codes are not <see cref="PackedRows.AreSupported"/>.</exception>
    public abstract void Multiply(PackedRows matrix, ReadOnlySpan<float> activations, int count, Span<float> products, int stride);

    /// <summary>The same for rows of floats.</summary>
    /// <param name="matrix">[rows, columns].</param>
    /// <param name="columns">Weights in a row.</param>
    /// <param name="activations">[count, <see cref="PackedOrder.PaddedLength"/>], each arranged for 32 bits.</param>
    /// <param name="count">Rows of activations.</param>
    /// <param name="products">Receives the product of row r and activations a at <c>a * stride + r</c>.</param>
    /// <param name="stride">Distance of the products of two rows of activations, at least the rows of the matrix.</param>
    /// <exception cref="ArgumentException">Lengths do not fit together.</exception>
    public abstract void Multiply(
        ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<float> activations, int count, Span<float> products, int stride);

    /// <summary>Throws unless the spans hold what the sizes say.</summary>
    protected static void Check(int rows, int columns, int activations, int count, int products, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (activations != (long)count * PackedOrder.PaddedLength(columns))
            throw new ArgumentException($"{count} rows of {columns} activations in order are not {activations} values");
        if (stride < rows || (count > 0 && products < (count - 1L) * stride + rows))
            throw new ArgumentException($"{count} rows of {rows} products, {stride} apart, do not fit into {products} values");
    }
}
