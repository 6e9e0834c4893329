using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Tests.Support;
using CsCheck;

namespace ArrowQuant.Tests.Kernels.LinearAlgebra;

public sealed class GramTests
{
    [Fact]
    public void Gram_AllOrders_EqualsTheNaiveSum()
    {
        foreach (int d in NaiveMatrix.Orders)
        {
            int n = 3 + d * 5 % 41;
            SeededNumbers numbers = new((ulong)d);
            float[] x = numbers.Gaussian(n * d);
            float[] weights = [.. Enumerable.Range(0, n).Select(_ => (float)numbers.Uniform())];
            float[] h = new float[d * d];
            NaiveMatrix.Widest.Gram(x, d, weights, h, 2);
            NaiveMatrix.AssertClose(NaiveMatrix.Gram(x, n, d, weights), h, 2e-6);
            for (int i = 0; i < d; i++)
            {
                for (int j = 0; j < i; j++) Assert.Equal(h[i * d + j], h[j * d + i]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public void Gram_AnyNumberOfRows_EqualsTheNaiveSum(int n)
    {
        const int D = 37;
        float[] x = new SeededNumbers(3).Gaussian(n * D);
        float[] weights = [.. Enumerable.Repeat(0.5f, n)];
        float[] h = new float[D * D];
        NaiveMatrix.Widest.Gram(x, D, weights, h, 1);
        NaiveMatrix.AssertClose(NaiveMatrix.Gram(x, n, D, weights), h, 2e-6);
    }

    [Fact]
    public void Gram_SecondCall_AddsToTheFirst()
    {
        float[] h = [1, 2, 2, 10];
        NaiveMatrix.Widest.Gram([1, 3, 2, 0], 2, [1, 0.5f], h, 1);
        Assert.Equal([1 + 1 + 2, 2 + 3, 2 + 3, 10 + 9f], h);
    }

    [Fact]
    public void Gram_HundredThousandRows_LosesNothing()
    {
        const int N = 100_000, D = 3;
        float[] x = new SeededNumbers(8).Gaussian(N * D);
        float[] ones = [.. Enumerable.Repeat(1f, N)];
        float[] h = new float[D * D];
        NaiveMatrix.Widest.Gram(x, D, ones, h, 1);
        NaiveMatrix.AssertClose(NaiveMatrix.Gram(x, N, D, ones), h, 3e-7);
    }

    [Fact]
    public void Gram_HundredThousandEqualRows_LosesNoMoreThanOnePanel()
    {
        // Roundings of equal terms all point the same way; a float sum over all rows would be off by 1e-3.
        const int N = 100_000;
        float[] h = new float[1];
        NaiveMatrix.Widest.Gram([.. Enumerable.Repeat(0.3f, N)], 1, [.. Enumerable.Repeat(1f, N)], h, 1);
        Assert.Equal(N * (double)0.3f * 0.3f, h[0], N * 0.09 * 5e-6);
    }

    [Fact]
    public void Gram_NoRows_LeavesTheMatrix()
    {
        float[] h = [1, 2, 2, 5];
        NaiveMatrix.Widest.Gram([], 2, [], h, 2);
        Assert.Equal([1f, 2, 2, 5], h);
    }

    [Fact]
    public void Gram_NaN_ReachesItsRowAndColumnOnly()
    {
        float[] h = new float[9];
        NaiveMatrix.Widest.Gram([1, float.NaN, 2], 3, [1], h, 1);
        Assert.Equal([1, float.NaN, 2, float.NaN, float.NaN, float.NaN, 2, float.NaN, 4], h);
    }

    [Fact]
    public void Gram_WrongLengths_AreRefused()
    {
        MatrixKernels algebra = NaiveMatrix.Widest;
        ArgumentException samples = Assert.Throws<ArgumentException>(() => algebra.Gram(new float[5], 2, [1f, 1f], new float[4], 1));
        Assert.Equal("x has 5 elements, expected 4", samples.Message);
        ArgumentException sums = Assert.Throws<ArgumentException>(() => algebra.Gram(new float[4], 2, [1f, 1f], new float[5], 1));
        Assert.Equal("h has 5 elements, expected 4", sums.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => algebra.Gram(new float[4], 2, [1f, 1f], new float[4], 0));
    }

    [Fact]
    public void Gram_IntegralSamples_AreExact() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 60], Gen.ULong).Sample((d, n, seed) =>
        {
            SeededNumbers numbers = new(seed);
            float[] x = [.. Enumerable.Range(0, n * d).Select(_ => (float)(numbers.Below(17) - 8))];
            float[] weights = [.. Enumerable.Range(0, n).Select(_ => numbers.Below(4) / 2f)];
            float[] h = new float[d * d];
            NaiveMatrix.Widest.Gram(x, d, weights, h, 1);
            Assert.Equal(NaiveMatrix.Gram(x, n, d, weights).Select(value => (float)value), h);
        }, iter: 100);
}
