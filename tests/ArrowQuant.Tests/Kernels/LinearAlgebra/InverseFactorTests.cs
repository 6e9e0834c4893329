using ArrowQuant.Tests.Support;
using CsCheck;
using MathNet.Numerics.LinearAlgebra;

namespace ArrowQuant.Tests.Kernels.LinearAlgebra;

public sealed class InverseFactorTests
{
    [Fact]
    public void TryFactorInverse_AllOrders_EqualsTheOracle()
    {
        foreach (int d in NaiveMatrix.Orders) AssertFactor(NaiveMatrix.Hessian(d, 3, (ulong)d), d, 0.01, 1e-5);
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(512)]
    [InlineData(768)]
    public void TryFactorInverse_LargeOrders_EqualsTheOracle(int d) => AssertFactor(NaiveMatrix.Hessian(d, 3, (ulong)d), d, 0.01, 1e-5);

    [Fact]
    public void TryFactorInverse_BadlyConditioned_KeepsThreeDigits()
    {
        // Column scales from 1 to 300 with 1 % damping: condition number about 2e4 at this order.
        AssertFactor(NaiveMatrix.Hessian(256, 300, 1), 256, 0.01, 1e-3);
    }

    [Fact]
    public void TryFactorInverse_Identity_GivesIdentity()
    {
        foreach (int d in new[] { 1, 2, 5, 191, 192, 193, 400 })
        {
            float[] identity = new float[d * d];
            for (int i = 0; i < d; i++) identity[i * d + i] = 1;
            float[] u = Filled(d);
            Assert.True(NaiveMatrix.TryFactorInverse(identity, d, 0, u, 2));
            Assert.Equal(identity, u);
        }
    }

    [Fact]
    public void TryFactorInverse_SmallExample_MatchesTheHandCalculation()
    {
        // H = [[5, 2], [2, 4]]: R = [[2, 1], [0, 2]], so U = [[1/2, -1/4], [0, 1/2]].
        float[] u = Filled(2);
        Assert.True(NaiveMatrix.TryFactorInverse([4, 2, 2, 3], 2, 1, u, 1));
        Assert.Equal([0.5f, -0.25f, 0, 0.5f], u);
    }

    [Fact]
    public void TryFactorInverse_EmptyMatrix_Succeeds() => Assert.True(NaiveMatrix.TryFactorInverse([], 0, 1, [], 1));

    [Fact]
    public void TryFactorInverse_LowerTriangle_IsNotRead()
    {
        float[] u = Filled(2);
        Assert.True(NaiveMatrix.TryFactorInverse([5, 2, float.NaN, 4], 2, 0, u, 1));
        Assert.Equal([0.5f, -0.25f, 0, 0.5f], u);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(300)]
    public void TryFactorInverse_RankDeficient_FailsUntilDamped(int d)
    {
        int n = d / 2;
        float[] h = new float[d * d];
        NaiveMatrix.Widest.Gram(new SeededNumbers(5).Gaussian(n * d), d, [.. Enumerable.Repeat(1f / n, n)], h, 1);
        float[] before = [.. h];
        Assert.False(NaiveMatrix.TryFactorInverse(h, d, 0, new float[d * d], 1));
        Assert.Equal(before, h);
        AssertFactor(h, d, 0.01, 1e-3);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-1f)]
    [InlineData(0f)]
    public void TryFactorInverse_BadDiagonal_Fails(float value)
    {
        foreach (int position in new[] { 0, 100, 199 }) AssertFails(200, position, position, value);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(1e30f)]
    public void TryFactorInverse_BadElement_Fails(float value)
    {
        AssertFails(200, 0, 1, value);
        AssertFails(200, 0, 199, value);
        AssertFails(400, 3, 396, value);
    }

    [Fact]
    public void TryFactorInverse_ScaledHessian_ScalesTheFactor()
    {
        // A power of four scales H, its root of two scales R, and both are exact.
        foreach (int power in new[] { -40, -10, 10, 40 })
        {
            float scale = MathF.ScaleB(1, power);
            float[] h = NaiveMatrix.Hessian(50, 2, 9);
            float[] u = Factor(h, 50, 0);
            float[] scaled = Factor([.. h.Select(value => value * scale * scale)], 50, 0);
            Assert.Equal(u.Select(value => value / scale), scaled);
        }
    }

    [Fact]
    public void TryFactorInverse_Cancelled_Stops()
    {
        CancellationToken cancelled = new(true);
        Assert.Throws<OperationCanceledException>(
            () => NaiveMatrix.Widest.TryFactorInverse([1], 1, 0, new float[1], 1, cancelled));
    }

    [Fact]
    public void TryFactorInverse_WrongArguments_AreRefused()
    {
        float[] h = new float[4];
        ArgumentException source = Assert.Throws<ArgumentException>(() => NaiveMatrix.TryFactorInverse(new float[3], 2, 0, h, 1));
        Assert.Equal("h has 3 elements, expected 4", source.Message);
        ArgumentException target = Assert.Throws<ArgumentException>(() => NaiveMatrix.TryFactorInverse(h, 2, 0, new float[5], 1));
        Assert.Equal("u has 5 elements, expected 4", target.Message);
        ArgumentException same = Assert.Throws<ArgumentException>(() => NaiveMatrix.TryFactorInverse(h, 2, 0, h, 1));
        Assert.Equal("h and u must be two arrays", same.Message);
    }

    [Fact]
    public void TryFactorInverse_AnyHessian_InvertsIt() =>
        Gen.Select(Gen.Int[1, 80], Gen.ULong, Gen.Double[1, 30]).Sample((d, seed, spread) =>
        {
            float[] h = NaiveMatrix.Hessian(d, spread, seed);
            float damping = (float)(0.01 * NaiveMatrix.MeanDiagonal(h, d));
            Matrix<double> u = NaiveMatrix.ToMathNet(Factor(h, d, damping), d, d);
            Matrix<double> unit = u * NaiveMatrix.Damped(h, d, damping) * u.Transpose();
            double error = (unit - Matrix<double>.Build.DenseIdentity(d)).Enumerate().Max(Math.Abs);
            Assert.True(error < 1e-3, $"U H U^T is {error} away from I");
        }, iter: 60);

    private static void AssertFactor(float[] h, int d, double dampingOfMean, double tolerance)
    {
        float damping = (float)(dampingOfMean * NaiveMatrix.MeanDiagonal(h, d));
        float[] u = Factor(h, d, damping);
        NaiveMatrix.AssertClose(NaiveMatrix.InverseFactor(h, d, damping).Transpose().AsColumnMajorArray() ?? [], u, tolerance);
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < i; j++) Assert.Equal(0f, u[i * d + j]);
        }
    }

    private static void AssertFails(int d, int row, int column, float value)
    {
        float[] h = new float[d * d];
        for (int i = 0; i < d; i++) h[i * d + i] = 1;
        h[row * d + column] = h[column * d + row] = value;
        Assert.False(NaiveMatrix.TryFactorInverse(h, d, 0, new float[d * d], 1));
    }

    private static float[] Factor(float[] h, int d, float damping)
    {
        float[] u = Filled(d);
        Assert.True(NaiveMatrix.TryFactorInverse(h, d, damping, u, 2));
        return u;
    }

    // What was in u before must not matter.
    private static float[] Filled(int d) => [.. Enumerable.Repeat(float.NaN, d * d)];
}
