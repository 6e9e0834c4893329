namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>
/// One side of a product: element (term p, output index i) of a row-major matrix, where the terms of the sum run down the rows
/// (<c>data[p, i]</c>) or along them (<c>data[i, p]</c>).
/// </summary>
internal readonly unsafe struct Operand
{
    private Operand(float* data, nint stride, bool termsAlongRow, float* weights)
    {
        Data = data;
        Stride = stride;
        TermsAlongRow = termsAlongRow;
        Weights = weights;
    }

    public float* Data { get; }

    public nint Stride { get; }

    public bool TermsAlongRow { get; }

    /// <summary>One factor per term, or null; only for terms down the rows.</summary>
    public float* Weights { get; }

    public static Operand DownRows(float* data, nint stride, float* weights = null) => new(data, stride, false, weights);

    public static Operand AlongRows(float* data, nint stride) => new(data, stride, true, null);
}
