using System.Runtime.InteropServices;
using ArrowQuant.Kernels;
using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels.LinearAlgebra;

/// <summary>Every vector width and every number of threads gives the bytes of one thread with one lane.</summary>
public sealed class MatrixBytesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(31)]
    [InlineData(67)]
    [InlineData(193)]
    [InlineData(400)]
    public void AllKernels_AnyWidthAndThreads_GiveTheSameBytes(int d) => AssertSameBytes(d, [1, 2, 3]);

    [Fact]
    [Trait("Category", "Slow")]
    public void AllKernels_LargeOrder_GiveTheSameBytes() => AssertSameBytes(770, [1, 2, 3, 7]);

    private static void AssertSameBytes(int d, int[] threadCounts)
    {
        byte[][] expected = Outputs(KernelSet.Create("scalar").Algebra, d, 1);
        foreach (string name in KernelSet.Names)
        {
            foreach (int threads in threadCounts)
            {
                byte[][] actual = Outputs(KernelSet.Create(name).Algebra, d, threads);
                for (int i = 0; i < expected.Length; i++)
                    Assert.True(expected[i].AsSpan().SequenceEqual(actual[i]), $"output {i} differs: {name}, {threads} threads, order {d}");
            }
        }
    }

    private static byte[][] Outputs(MatrixKernels algebra, int d, int threads)
    {
        int n = d + 70;
        SeededNumbers numbers = new((ulong)d);
        float[] x = numbers.Gaussian(n * d);
        float[] weights = [.. Enumerable.Range(0, n).Select(_ => (float)numbers.Uniform() / n)];
        float[] w = numbers.Gaussian(19 * d);
        float[] h = new float[d * d];
        float[] u = new float[d * d];
        float[] y = new float[n * 19];
        double[] forms = new double[n];
        algebra.Gram(x, d, weights, h, threads);
        Assert.True(algebra.TryFactorInverse(h, d, 0.005f, u, threads, TestContext.Current.CancellationToken));
        algebra.MatMulTransposed(x, w, y, n, d, 19, threads);
        algebra.RowProducts(x, h, x, n, d, forms, threads);
        double form = algebra.WeightedProduct(x.AsSpan(0, d), h, x.AsSpan(0, d));
        float[] c = [.. x];
        int k = Math.Min(19, d);
        algebra.SubtractProduct(c, d, y.AsSpan(0, n * k), u, d, n, d, k);
        return [Bytes(h), Bytes(u), Bytes(y), Bytes(forms), BitConverter.GetBytes(form), Bytes(c)];
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
