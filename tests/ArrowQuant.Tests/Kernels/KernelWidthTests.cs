using System.Runtime.InteropServices;
using ArrowQuant.Kernels;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>Every vector width gives the bytes of the scalar definition, at every length and on special values.</summary>
public sealed class KernelWidthTests
{
    private static readonly KernelSet Scalar = KernelSet.Create("scalar");

    private static readonly (int Bits, AffineSearch Search)[] Searches =
        [(2, AffineSearch.FreeZero), (4, AffineSearch.IntegerZero), (8, AffineSearch.MinMax)];

    public static TheoryData<string> Widths { get; } = new(KernelSet.Names.Where(name => name != "scalar"));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Elementwise_EveryLength_EqualsScalar(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(3);
        for (int length = 0; length <= 257; length++)
        {
            float[] weights = random.Gaussian(length, 0.3);
            for (int i = 0; i < length; i += 7) weights[i] = Special(i);
            foreach (int bits in new[] { 2, 4, 8 })
            {
                byte[] expected = new byte[length];
                byte[] actual = new byte[length];
                Scalar.EncodeAffine(weights, 0.07f, 1.5f, bits, expected);
                kernels.EncodeAffine(weights, 0.07f, 1.5f, bits, actual);
                Assert.Equal(expected, actual);
                AssertDecoded(kernels, expected, weights, (set, codes, target) => set.DecodeAffine(codes, 0.07f, 1.5f, target));
            }

            byte[] lattice = new byte[length];
            byte[] other = new byte[length];
            Scalar.EncodeLattice(weights, 0.01f, 0.3f, 0.12f, lattice);
            kernels.EncodeLattice(weights, 0.01f, 0.3f, 0.12f, other);
            Assert.Equal(lattice, other);
            AssertDecoded(kernels, lattice, weights, (set, codes, target) => set.DecodeLattice(codes, 0.01f, 0.3f, 0.12f, target));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Fit_EveryGroupSizeAndShortLastGroup_EqualsScalar(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(5);
        foreach (int groupSize in new[] { 32, 64, 128, 256 })
        {
            foreach (int columns in new[] { 1, 31, groupSize, groupSize + 1, 3 * groupSize + 17 })
            {
                float[] weights = random.Gaussian(5 * columns, 0.02);
                for (int i = 0; i < weights.Length; i += 13) weights[i] = Special(i);
                float[] importance = [.. random.Gaussian(columns).Select(value => Math.Abs(value) + 0.01f)];
                foreach (float[] columnWeights in new[] { [], importance }) AssertFits(kernels, weights, columns, groupSize, columnWeights);
            }
        }
    }

    [Theory]
    [InlineData(1e-30f)]
    [InlineData(1e30f)]
    [InlineData(6e-8f)]
    [InlineData(1e-42f)]
    [InlineData(1f)]
    public void Fit_AnyMagnitude_ErrsByAsMuchAsNearOne(float magnitude)
    {
        float[] unit = new SeededNumbers(9).Gaussian(4 * 256);
        double reference = Error(unit, 1f);
        double scaled = Error(unit, magnitude);
        // Subnormal weights have few bits of their own; all others behave alike.
        Assert.InRange(scaled, reference * 0.9, magnitude < 1e-38f ? reference * 30 : reference * 1.1);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    [InlineData(-0.5f)]
    [InlineData(1024f)]
    public void Fit_ConstantGroup_IsExact(float value)
    {
        float[] weights = [.. Enumerable.Repeat(value, 128)];
        foreach ((int bits, AffineSearch search) in Searches)
        {
            float[] scale = new float[1];
            float[] zero = new float[1];
            Scalar.FitAffine(new GroupRows(weights, 128, 128), bits, search, scale, zero);
            byte[] codes = new byte[128];
            float[] decoded = new float[128];
            Scalar.EncodeAffine(weights, scale[0], zero[0], bits, codes);
            Scalar.DecodeAffine(codes, scale[0], zero[0], decoded);
            Assert.Equal(weights, decoded);
        }
    }

    [Fact]
    public void Create_UnknownName_NamesTheValidOnes()
    {
        var error = Assert.Throws<ArrowQuant.Errors.ConfigurationException>(() => KernelSet.Create("avx9"));
        Assert.Equal("ARROW_QUANT_KERNELS: unknown kernel set 'avx9'; valid: scalar, v128, v256, v512", error.Message);
    }

    private static float Special(int i) => (i % 5) switch { 0 => 0f, 1 => -0f, 2 => 1e-30f, 3 => 3f, _ => -2.5f };

    private static double Error(float[] unit, float magnitude)
    {
        float[] weights = [.. unit.Select(value => value * magnitude)];
        float[] scales = new float[8];
        float[] zeros = new float[8];
        Scalar.FitAffine(new GroupRows(weights, 256, 128), 4, AffineSearch.IntegerZero, scales, zeros);
        byte[] codes = new byte[128];
        float[] decoded = new float[128];
        ErrorSums sums = default;
        for (int g = 0; g < 8; g++)
        {
            ReadOnlySpan<float> group = weights.AsSpan(g * 128, 128);
            Scalar.EncodeAffine(group, scales[g], zeros[g], 4, codes);
            Scalar.DecodeAffine(codes, scales[g], zeros[g], decoded);
            Scalar.AddErrors(group, decoded, ref sums);
        }

        return sums.Error / sums.Original;
    }

    private static void AssertDecoded(KernelSet kernels, byte[] codes, float[] original, Action<KernelSet, byte[], float[]> decode)
    {
        float[] expected = new float[codes.Length];
        float[] actual = new float[codes.Length];
        decode(Scalar, codes, expected);
        decode(kernels, codes, actual);
        AssertBits(expected, actual);
        ErrorSums first = default;
        ErrorSums second = default;
        Scalar.AddErrors(original, expected, ref first);
        kernels.AddErrors(original, expected, ref second);
        Assert.Equal(first, second);
    }

    private static void AssertFits(KernelSet kernels, float[] weights, int columns, int groupSize, float[] columnWeights)
    {
        int groups = 5 * new GroupRows(weights, columns, groupSize).GroupsPerRow;
        foreach ((int bits, AffineSearch search) in Searches)
        {
            float[][] fitted = [new float[groups], new float[groups], new float[groups], new float[groups]];
            Scalar.FitAffine(new GroupRows(weights, columns, groupSize, columnWeights), bits, search, fitted[0], fitted[1]);
            kernels.FitAffine(new GroupRows(weights, columns, groupSize, columnWeights), bits, search, fitted[2], fitted[3]);
            AssertBits(fitted[0], fitted[2]);
            AssertBits(fitted[1], fitted[3]);
        }

        foreach (bool offset in new[] { false, true })
        {
            float[] expected = new float[groups * (offset ? 3 : 2)];
            float[] actual = new float[expected.Length];
            Scalar.FitLattice(new GroupRows(weights, columns, groupSize, columnWeights), offset, expected);
            kernels.FitLattice(new GroupRows(weights, columns, groupSize, columnWeights), offset, actual);
            AssertBits(expected, actual);
        }
    }

    private static void AssertBits(float[] expected, float[] actual) =>
        Assert.Equal(MemoryMarshal.Cast<float, int>(expected).ToArray(), MemoryMarshal.Cast<float, int>(actual).ToArray());
}
