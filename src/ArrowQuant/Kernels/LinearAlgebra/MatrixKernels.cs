namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>
/// Dense linear algebra over row-major float matrices for methods that use a Hessian. Every output element is one fixed chain of fused
/// multiply-adds over panels of <see cref="TileScratch.Depth"/> terms, and panels are added in double precision; vector width, tile shape
/// and thread count only decide which elements are computed together, so they never change a byte. No kernel copies a [d, d] matrix; a
/// thread needs <see cref="TileScratch.Bytes"/> bytes of scratch.
/// </summary>
internal abstract class MatrixKernels
{
    /// <summary>
    /// Adds a weighted Gram matrix: <c>h += sum over r of w[r] x[r] x[r]^T</c>, the sum of one call rounded to float once. NaN and infinity
    /// pass into <paramref name="h"/>.
    /// </summary>
    /// <param name="x">[n, d]: one sample per row.</param>
    /// <param name="d">Columns of x.</param>
    /// <param name="rowWeights">[n].</param>
    /// <param name="h">[d, d]; its upper triangle is read, both triangles are written.</param>
    /// <param name="threads">Threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">A length does not fit d.</exception>
    public abstract void Gram(ReadOnlySpan<float> x, int d, ReadOnlySpan<float> rowWeights, float[] h, int threads);

    /// <summary>
    /// The upper triangular U of <c>(H + damping I)^-1 = U^T U</c>, without forming an inverse: <c>H + damping I = R R^T</c> with R upper
    /// triangular, then <c>U = R^-1</c>. Scratch beyond that of the threads: 2 d * 192 floats.
    /// </summary>
    /// <remarks>
    /// R and U are floats, long sums run in double precision across panels, and blocks on the diagonal are factored in double precision.
    /// Measured against double precision throughout (d = 512 and 1024), a row of U is off by about the condition number times 2^-24 at
    /// worst, which is what rounding h itself to floats costs: 6e-7 of its norm for independent columns; with 1 % damping 5e-5 for
    /// n = d / 4 samples (condition 9e2) and 2e-4 for strongly correlated columns (1e5); with 0.01 % damping 6e-3 (9e4) and 1.5e-2 (1e7).
    /// So double precision inside would not help, and would double the memory.
    /// </remarks>
    /// <param name="h">[d, d], symmetric; its upper triangle is read. Unchanged.</param>
    /// <param name="d">Order of h.</param>
    /// <param name="damping">Added to the diagonal.</param>
    /// <param name="u">[d, d]; zero below the diagonal. Without meaning when the result is false.</param>
    /// <param name="threads">Threads to use, at least 1.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>
    /// False when a pivot is not finite or not above 2^-21 of its diagonal element: as far as floats can tell, h then is not positive
    /// definite.
    /// </returns>
    /// <exception cref="ArgumentException">A length is not d * d, or h and u are the same array.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; looked at once per block of 192 columns.</exception>
    public abstract bool TryFactorInverse(
        float[] h, int d, float damping, float[] u, int threads, CancellationToken cancellationToken = default);

    /// <summary>
    /// <c>c -= a b</c>, one subtraction per element for every <see cref="TileScratch.Depth"/> terms. One thread; c must not overlap a or b.
    /// </summary>
    /// <param name="c">[m, n] in rows of <paramref name="ldc"/> elements.</param>
    /// <param name="ldc">Distance of the rows of c, at least n.</param>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n] in rows of <paramref name="ldb"/> elements.</param>
    /// <param name="ldb">Distance of the rows of b, at least n.</param>
    /// <param name="m">Rows of c.</param>
    /// <param name="n">Columns of c.</param>
    /// <param name="k">Terms of a sum.</param>
    /// <exception cref="ArgumentException">A span is too short for its shape.</exception>
    public abstract void SubtractProduct(
        Span<float> c, int ldc, ReadOnlySpan<float> a, ReadOnlySpan<float> b, int ldb, int m, int n, int k);

    /// <summary><c>left^T H right</c> in double precision; element j of a row goes to partial sum j mod 16. No scratch.</summary>
    /// <param name="left">[d].</param>
    /// <param name="h">[d, d].</param>
    /// <param name="right">[d].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public abstract double WeightedProduct(ReadOnlySpan<float> left, float[] h, ReadOnlySpan<float> right);

    /// <summary><c>result[i] = a[i]^T H b[i]</c> for every row; a H as in all kernels here, the rest in double precision.</summary>
    /// <param name="a">[m, d].</param>
    /// <param name="h">[d, d].</param>
    /// <param name="b">[m, d]; may be a.</param>
    /// <param name="m">Rows of a and b.</param>
    /// <param name="d">Order of h.</param>
    /// <param name="result">[m].</param>
    /// <param name="threads">Threads to use, at least 1; each takes whole blocks of 192 rows.</param>
    /// <exception cref="ArgumentException">A length does not fit its shape.</exception>
    public abstract void RowProducts(
        ReadOnlySpan<float> a, float[] h, ReadOnlySpan<float> b, int m, int d, Span<double> result, int threads = 1);

    /// <summary><c>y = x w^T</c>: the outputs of a linear layer.</summary>
    /// <param name="x">[n, d].</param>
    /// <param name="w">[m, d].</param>
    /// <param name="y">[n, m]; must not overlap x or w.</param>
    /// <param name="n">Rows of x.</param>
    /// <param name="d">Columns of x and w.</param>
    /// <param name="m">Rows of w.</param>
    /// <param name="threads">Threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">A length does not fit its shape.</exception>
    public abstract void MatMulTransposed(
        ReadOnlySpan<float> x, ReadOnlySpan<float> w, Span<float> y, int n, int d, int m, int threads = 1);

    private protected static void CheckLength(string name, long length, long expected)
    {
        if (length != expected) throw new ArgumentException($"{name} has {length} elements, expected {expected}");
    }
}
