using ArrowQuant.Kernels;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>The Hadamard transform, forward and back.</summary>
public sealed class RotationKernelTests
{
    private static readonly KernelSet Scalar = KernelSet.Create("scalar");

    public static TheoryData<string> Widths { get; } = new(KernelSet.Names);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Rotate_EveryPowerOfTwo_IsTheSignedHadamardMatrixAndEqualsScalar(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(4);
        for (int length = 1; length <= 256; length *= 2)
        {
            float[] values = random.Gaussian(length);
            float[] signs = [.. random.Gaussian(length).Select(value => value < 0 ? -1f : 1f)];
            float[] rotated = [.. values];
            float[] expected = [.. values];
            kernels.Rotate(rotated, signs);
            Scalar.Rotate(expected, signs);
            Assert.Equal(expected, rotated);
            for (int i = 0; i < length; i++)
            {
                double sum = 0;
                for (int j = 0; j < length; j++) sum += (int.PopCount(i & j) % 2 == 0 ? 1 : -1) * signs[j] * (double)values[j];
                Assert.Equal(sum / Math.Sqrt(length), rotated[i], 1e-5);
            }

            float[] back = [.. rotated];
            kernels.RotateBack(back, signs);
            Scalar.RotateBack(expected, signs);
            Assert.Equal(expected, back);
            for (int i = 0; i < length; i++) Assert.Equal(values[i], back[i], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Rotate_NoPowerOfTwo_IsRefused(string width)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => KernelSet.Create(width).Rotate(new float[96], new float[96]));
        Assert.StartsWith("96 values are no power of two", error.Message, StringComparison.Ordinal);
    }
}
