using ArrowQuant.Kernels;
using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Tests.Support;
using MathNet.Numerics.LinearAlgebra;

namespace ArrowQuant.Tests.Kernels.LinearAlgebra;

/// <summary>What the kernels are compared with: double loops and MathNet, and the matrices of the tests.</summary>
internal static class NaiveMatrix
{
    public static MatrixKernels Widest => KernelSet.Create(null).Algebra;

    /// <summary>Orders around the lanes, the register tiles and the output tiles.</summary>
    public static IEnumerable<int> Orders => Enumerable.Range(1, 67).Concat([128, 192, 257]);

    public static bool TryFactorInverse(float[] h, int d, float damping, float[] u, int threads) =>
        Widest.TryFactorInverse(h, d, damping, u, threads, TestContext.Current.CancellationToken);

    public static double[] Gram(float[] x, int n, int d, float[] weights)
    {
        double[] h = new double[d * d];
        for (int r = 0; r < n; r++)
        {
            for (int i = 0; i < d; i++)
            {
                double factor = (double)weights[r] * x[r * d + i];
                for (int j = 0; j < d; j++) h[i * d + j] += factor * x[r * d + j];
            }
        }

        return h;
    }

    /// <summary>[m, k] [k, n].</summary>
    public static double[] Product(float[] a, float[] b, int m, int n, int k)
    {
        double[] c = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int p = 0; p < k; p++)
            {
                for (int j = 0; j < n; j++) c[i * n + j] += (double)a[i * k + p] * b[p * n + j];
            }
        }

        return c;
    }

    /// <summary>X^T X / n of correlated columns with scales from 1 to <paramref name="spread"/>.</summary>
    public static float[] Hessian(int d, double spread, ulong seed)
    {
        SeededNumbers numbers = new(seed);
        int n = 2 * d + 8;
        float[] x = numbers.Gaussian(n * d);
        for (int r = 0; r < n; r++)
        {
            for (int j = 1; j < d; j++) x[r * d + j] = (x[r * d + j] + x[r * d + j - 1]) / 2;
            for (int j = 0; j < d; j++) x[r * d + j] *= (float)Math.Pow(spread, d == 1 ? 0 : j * 7 % d / (d - 1.0));
        }

        float[] h = new float[d * d];
        Widest.Gram(x, d, [.. Enumerable.Repeat(1f / n, n)], h, 1);
        return h;
    }

    public static double MeanDiagonal(float[] h, int d) => Enumerable.Range(0, d).Average(i => (double)h[i * d + i]);

    public static Matrix<double> ToMathNet(float[] values, int rows, int columns) =>
        Matrix<double>.Build.Dense(rows, columns, (i, j) => values[i * columns + j]);

    public static Matrix<double> Damped(float[] h, int d, float damping) =>
        ToMathNet(h, d, d) + (damping * Matrix<double>.Build.DenseIdentity(d));

    /// <summary>The upper triangular U of (H + damping I)^-1 = U^T U in double precision.</summary>
    public static Matrix<double> InverseFactor(float[] h, int d, float damping) =>
        Damped(h, d, damping).Cholesky().Solve(Matrix<double>.Build.DenseIdentity(d)).Cholesky().Factor.Transpose();

    public static void AssertClose(IReadOnlyList<double> expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Count, actual.Length);
        double scale = Math.Max(expected.Max(Math.Abs), 1e-30);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"element {i}: expected {expected[i]:R}, found {actual[i]:R}");
        }
    }
}
