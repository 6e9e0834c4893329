using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Tests.Support;
using CsCheck;

namespace ArrowQuant.Tests.Kernels.LinearAlgebra;

public sealed class MatrixProductTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 33, 128)]
    [InlineData(12, 32, 128)]
    [InlineData(13, 100, 257)]
    [InlineData(193, 65, 31)]
    [InlineData(5, 300, 0)]
    [InlineData(64, 520, 128)]
    public void SubtractProduct_RaggedShapes_EqualTheNaiveProduct(int m, int n, int k)
    {
        SeededNumbers numbers = new((ulong)(m + n + k));
        int ldc = n + 5;
        int ldb = n + 3;
        float[] a = numbers.Gaussian(m * k);
        float[] b = numbers.Gaussian(k * n);
        float[] wide = Widen(b, k, n, ldb);
        float[] c = numbers.Gaussian(m * ldc);
        double[] product = NaiveMatrix.Product(a, b, m, n, k);
        double[] expected = [.. c.Select((value, i) => i % ldc < n ? value - product[i / ldc * n + i % ldc] : value)];
        float[] outside = [.. c.Where((_, i) => i % ldc >= n)];
        NaiveMatrix.Widest.SubtractProduct(c, ldc, a, wide, ldb, m, n, k);
        NaiveMatrix.AssertClose(expected, c, 2e-6);
        Assert.Equal(outside, c.Where((_, i) => i % ldc >= n));
    }

    [Fact]
    public void SubtractProduct_LastRowsWithoutPadding_Fit()
    {
        float[] c = [1, 2, 0, 3, 4];
        NaiveMatrix.Widest.SubtractProduct(c, 3, [1, 1], [1, 2], 2, 2, 2, 1);
        Assert.Equal([0f, 0, 0, 2, 2], c);
    }

    [Fact]
    public void SubtractProduct_WrongShapes_AreRefused()
    {
        MatrixKernels algebra = NaiveMatrix.Widest;
        ArgumentException left = Assert.Throws<ArgumentException>(
            () => algebra.SubtractProduct(new float[4], 2, new float[3], new float[4], 2, 2, 2, 2));
        Assert.Equal("a has 3 elements, expected 4", left.Message);
        ArgumentException right = Assert.Throws<ArgumentException>(
            () => algebra.SubtractProduct(new float[4], 2, new float[4], new float[3], 2, 2, 2, 2));
        Assert.Equal("b has 3 elements, expected at least 4", right.Message);
        ArgumentException target = Assert.Throws<ArgumentException>(
            () => algebra.SubtractProduct(new float[4], 1, new float[4], new float[4], 2, 2, 2, 2));
        Assert.Equal("rows of c are 1 elements apart, expected at least 2", target.Message);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 300, 17)]
    [InlineData(200, 67, 193)]
    public void MatMulTransposed_RaggedShapes_EqualTheNaiveProduct(int n, int d, int m)
    {
        SeededNumbers numbers = new((ulong)(n + d + m));
        float[] x = numbers.Gaussian(n * d);
        float[] w = numbers.Gaussian(m * d);
        float[] transposed = new float[d * m];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < d; j++) transposed[j * m + i] = w[i * d + j];
        }

        float[] y = new float[n * m];
        NaiveMatrix.Widest.MatMulTransposed(x, w, y, n, d, m, 2);
        NaiveMatrix.AssertClose(NaiveMatrix.Product(x, transposed, n, m, d), y, 2e-6);
    }

    [Fact]
    public void MatMulTransposed_WrongLength_IsRefused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => NaiveMatrix.Widest.MatMulTransposed(new float[4], new float[6], new float[5], 2, 2, 3));
        Assert.Equal("y has 5 elements, expected 6", e.Message);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 67)]
    [InlineData(200, 257)]
    public void RowProducts_RaggedShapes_EqualTheNaiveForm(int m, int d)
    {
        SeededNumbers numbers = new((ulong)(m + d));
        float[] h = NaiveMatrix.Hessian(d, 4, 11);
        float[] a = numbers.Gaussian(m * d);
        float[] b = numbers.Gaussian(m * d);
        double[] result = [.. Enumerable.Repeat(double.NaN, m)];
        NaiveMatrix.Widest.RowProducts(a, h, b, m, d, result, 2);
        double[] energies = new double[m];
        NaiveMatrix.Widest.RowProducts(a, h, a, m, d, energies);
        double[] products = NaiveMatrix.Product(a, h, m, d, d);
        for (int i = 0; i < m; i++)
        {
            double cross = Enumerable.Range(0, d).Sum(j => products[i * d + j] * b[i * d + j]);
            double energy = Enumerable.Range(0, d).Sum(j => products[i * d + j] * a[i * d + j]);
            Assert.Equal(energy, energies[i], 1e-6 * energy);
            Assert.Equal(cross, result[i], 1e-5 * energy + 1e-6 * Math.Abs(cross));
        }
    }

    [Fact]
    public void WeightedProduct_AllOrders_EqualsTheDoubleSum()
    {
        foreach (int d in NaiveMatrix.Orders)
        {
            SeededNumbers numbers = new((ulong)d);
            float[] left = numbers.Gaussian(d);
            float[] right = numbers.Gaussian(d);
            float[] h = numbers.Gaussian(d * d);
            double expected = 0;
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j < d; j++) expected += (double)left[i] * h[i * d + j] * right[j];
            }

            Assert.Equal(expected, NaiveMatrix.Widest.WeightedProduct(left, h, right), 1e-12 * d * d);
        }
    }

    [Fact]
    public void WeightedProduct_WrongLength_IsRefused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => NaiveMatrix.Widest.WeightedProduct(new float[2], new float[4], new float[3]));
        Assert.Equal("right has 3 elements, expected 2", e.Message);
    }

    [Fact]
    public void SubtractProduct_IntegralValues_AreExact() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 90], Gen.Int[0, 300], Gen.ULong).Sample((m, n, k, seed) =>
        {
            SeededNumbers numbers = new(seed);
            float[] a = [.. Enumerable.Range(0, m * k).Select(_ => (float)(numbers.Below(17) - 8))];
            float[] b = [.. Enumerable.Range(0, k * n).Select(_ => (float)(numbers.Below(17) - 8))];
            float[] c = new float[m * n];
            NaiveMatrix.Widest.SubtractProduct(c, n, a, b, n, m, n, k);
            Assert.Equal(NaiveMatrix.Product(a, b, m, n, k).Select(value => (float)(0 - value)), c);
        }, iter: 60);

    private static float[] Widen(float[] values, int rows, int columns, int stride)
    {
        float[] wide = [.. Enumerable.Repeat(float.NaN, rows * stride)];
        for (int i = 0; i < rows; i++) values.AsSpan(i * columns, columns).CopyTo(wide.AsSpan(i * stride));
        return wide;
    }
}
