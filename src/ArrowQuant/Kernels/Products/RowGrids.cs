namespace ArrowQuant.Kernels.Products;

/// <summary>The grids of the groups of one row, or of all rows.</summary>
/// <param name="first">4 and 8 bits: the scales; 2 bits: the four values of every group.</param>
/// <param name="second">4 and 8 bits: the zero points.</param>
internal readonly unsafe struct RowGrids(float* first, float* second)
{
    /// <summary>4 and 8 bits: the scales; 2 bits: the four values of every group.</summary>
    public float* First => first;

    /// <summary>4 and 8 bits: the zero points.</summary>
    public float* Second => second;
}
