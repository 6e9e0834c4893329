using ArrowQuant.Kernels;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>Kernels over whole rows: every width gives the scalar definition's bytes, and that definition is right.</summary>
public sealed class RowKernelTests
{
    private static readonly KernelSet Scalar = KernelSet.Create("scalar");

    public static TheoryData<string> Widths { get; } = new(KernelSet.Names.Where(name => name != "scalar"));

    [Theory]
    [MemberData(nameof(Widths))]
    public void Errors_EveryLengthAndGroupSize_AreThoseOfDecodedRows(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(11);
        for (int length = 0; length <= 257; length++)
        {
            foreach (int groupSize in new[] { 32, 64, 128, 256, 300 })
            {
                var row = new CodedRow(random, length, groupSize, 0.02f);
                ErrorSums expected = row.Errors(Scalar);
                Assert.Equal(expected, row.Errors(kernels));
                Assert.Equal(expected, row.DecodedErrors(kernels));
                ErrorSums lattice = row.LatticeErrors(Scalar);
                Assert.Equal(lattice, row.LatticeErrors(kernels));
            }
        }
    }

    [Theory]
    [InlineData(0.02f)]
    [InlineData(1e-12f)]
    [InlineData(1e-30f)]
    [InlineData(1e25f)]
    public void Errors_AnyMagnitude_AgreeWithDoublePrecision(float deviation)
    {
        var row = new CodedRow(new SeededNumbers(12), 1000, 128, deviation);
        ErrorSums sums = row.Errors(KernelSet.Create(null));
        double product = 0, original = 0, decoded = 0, error = 0, largest = 0;
        float[] values = row.Decoded();
        for (int i = 0; i < values.Length; i++)
        {
            double w = row.Weights[i], v = values[i], d = row.Weights[i] - values[i];
            product += w * v;
            original += w * w;
            decoded += v * v;
            error += d * d;
            largest = Math.Max(largest, Math.Abs(d));
        }

        Assert.Equal(1, sums.Product / product, 1e-6);
        Assert.Equal(1, sums.Original / original, 1e-6);
        Assert.Equal(1, sums.Decoded / decoded, 1e-6);
        Assert.Equal(1, sums.Error / error, 1e-6);
        Assert.Equal(largest, sums.LargestError);
    }

    [Fact]
    public void Errors_GroupsThatSplitPartialSums_AreRefused()
    {
        ErrorSums sums = default;
        ArgumentException split = Assert.Throws<ArgumentException>(
            () => Scalar.AddDecodedErrors(new float[64], new byte[64], 24, new float[3], new float[3], ref sums));
        Assert.Contains("groups of 24 weights inside a row must be multiples of 16", split.Message);
        ArgumentException few = Assert.Throws<ArgumentException>(
            () => Scalar.AddDecodedErrors(new float[64], new byte[64], 32, new float[1], new float[1], ref sums));
        Assert.Contains("1 groups of 32 do not hold 64 weights", few.Message);
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("v128")]
    [InlineData("v256")]
    [InlineData("v512")]
    public void ToSingle_EveryBitPatternAndLength_EqualsTheDefinition(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        byte[] source = new byte[2 * 65536];
        for (int code = 0; code < 65536; code++) BitConverter.TryWriteBytes(source.AsSpan(2 * code), (ushort)code);
        foreach (FloatFormat format in new[] { FloatFormat.Half, FloatFormat.BFloat16 })
        {
            float[] expected = new float[65536];
            float[] actual = new float[65536];
            FloatConversion.ToSingle(format, source, expected);
            kernels.ToSingle(format, source, actual);
            for (int code = 0; code < actual.Length; code++)
            {
                // A NaN stays one; whether it signals is nobody's concern.
                Assert.True(
                    float.IsNaN(expected[code])
                        ? float.IsNaN(actual[code])
                        : BitConverter.SingleToInt32Bits(expected[code]) == BitConverter.SingleToInt32Bits(actual[code]),
                    $"{format} 0x{code:x4}: {expected[code]}, {actual[code]}");
            }

            for (int length = 0; length <= 257; length++)
            {
                float[] few = new float[length];
                kernels.ToSingle(format, source.AsSpan(2 * 15000, 2 * length), few);
                Assert.Equal(expected.AsSpan(15000, length).ToArray(), few);
            }
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("v128")]
    [InlineData("v256")]
    [InlineData("v512")]
    public void ToSingle_OneValueThatIsNotFinite_IsNoticedAtEveryPlace(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        foreach ((FloatFormat format, uint infinity) in new[]
        {
            (FloatFormat.Half, 0x7C00u), (FloatFormat.BFloat16, 0x7F80u), (FloatFormat.Single, 0x7F800000u),
        })
        {
            int size = FloatConversion.ByteSize(format);
            for (int place = 0; place < 67; place++)
            {
                // The largest finite value, infinity, its negative, a NaN
                foreach ((uint bits, bool finite) in new[]
                {
                    (infinity - 1, true), (infinity, false), (infinity | 1u << (8 * size - 1), false), (infinity + 1, false),
                })
                {
                    byte[] source = new byte[67 * size];
                    BitConverter.GetBytes(bits).AsSpan(0, size).CopyTo(source.AsSpan(place * size));
                    float[] values = new float[67];
                    Assert.Equal(finite, kernels.ToSingle(format, source, values));
                    Assert.Equal(finite, float.IsFinite(values[place]));
                    Assert.All(values.Where((_, i) => i != place), value => Assert.Equal(0, value));
                }
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Pack_EveryLength_IsLittleEndFirst(int bits)
    {
        var random = new Random(bits);
        for (int length = 0; length <= 257; length++)
        {
            byte[] codes = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(1 << bits))];
            byte[] packed = new byte[Codes.PackedLength(length, bits)];
            packed.AsSpan().Fill(0xFF);
            Codes.Pack(codes, bits, packed);
            for (int bit = 0; bit < 8 * packed.Length; bit++)
            {
                int code = bit / bits < length ? codes[bit / bits] : 0;
                Assert.Equal(code >> bit % bits & 1, packed[bit / 8] >> bit % 8 & 1);
            }

            byte[] unpacked = new byte[length];
            Codes.Unpack(packed, bits, unpacked);
            Assert.Equal(codes, unpacked);
        }
    }

    [Theory]
    [InlineData("scalar")]
    [InlineData("v128")]
    [InlineData("v256")]
    [InlineData("v512")]
    public void DecodeAffineRow_EveryLengthAndGroupSize_IsEveryGroupByItself(string width)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(14);
        for (int length = 1; length <= 257; length++)
        {
            foreach (int groupSize in new[] { 1, 24, 32, 128, 300 })
            {
                byte[] codes = [.. Enumerable.Range(0, length).Select(_ => (byte)random.Below(256))];
                int groups = (length + groupSize - 1) / groupSize;
                float[] scales = random.Gaussian(groups), zeros = random.Gaussian(groups, 100);
                float[] all = new float[length], one = new float[length];
                kernels.DecodeAffineRow(codes, groupSize, scales, zeros, all);
                kernels.DecodeAffineRow(codes, groupSize, scales, [128f], one);
                Assert.Equal(Enumerable.Range(0, length).Select(i => (codes[i] - zeros[i / groupSize]) * scales[i / groupSize]), all);
                Assert.Equal(Enumerable.Range(0, length).Select(i => (codes[i] - 128f) * scales[i / groupSize]), one);
            }
        }

        ArgumentException few = Assert.Throws<ArgumentException>(
            () => kernels.DecodeAffineRow(new byte[64], 32, new float[1], new float[1], new float[64]));
        Assert.Contains("1 groups of 32 do not hold 64 weights", few.Message);
    }

    [Fact]
    public void Kernels_AtTheEndOfReadableMemory_ReadNothingBehindIt()
    {
        using var memory = new GuardedMemory();
        KernelSet kernels = KernelSet.Create(null);
        ErrorSums sums = default;
        for (int length = 1; length <= 257; length++)
        {
            // What is read ends at the guard, one array after the other; what is written lies elsewhere.
            Span<float> weights = memory.LastFloats(length);
            weights.Fill(0.25f);
            weights[0] = -0.5f;
            int groups = (length + 31) / 32;
            float[] scales = new float[groups], zeros = new float[groups];
            var rows = new GroupRows(weights, length, 32);
            kernels.FitAffine(rows, 8, AffineSearch.MinMax, scales, zeros);
            kernels.FitAffine(rows, 4, AffineSearch.IntegerZero, scales, zeros);
            kernels.FitLattice(rows, true, new float[3 * groups]);
            byte[] codes = new byte[length];
            kernels.EncodeAffine(weights, scales[0], zeros[0], 4, codes);
            kernels.CodeAffineRow(weights, 32, scales, scales, zeros, 4, codes, new CodedSums(1, length, 32), 0);
            kernels.AddErrors(weights, weights.ToArray(), ref sums);
            codes.CopyTo(memory.LastBytes(length));
            kernels.DecodeAffine(memory.LastBytes(length), scales[0], zeros[0], new float[length]);
            Codes.Pack(memory.LastBytes(length), 4, new byte[(length + 1) / 2]);
            kernels.AddAffineErrors(new float[length], memory.LastBytes(length), 32, scales, zeros, 4, ref sums);
            kernels.ToSingle(FloatFormat.Single, memory.LastBytes(4 * length), new float[length]);
            kernels.ToSingle(FloatFormat.Half, memory.LastBytes(2 * length), new float[length]);
            Codes.Unpack(memory.LastBytes((length + 1) / 2), 4, codes);
        }

        Assert.True(sums.Original > 0);
    }

    /// <summary>A row with a grid for each group, as a coder leaves it.</summary>
    private sealed class CodedRow
    {
        private readonly int _groupSize;
        private readonly float[] _scales;
        private readonly float[] _zeros;
        private readonly float[] _tables;
        private readonly byte[] _codes;

        public CodedRow(SeededNumbers random, int length, int groupSize, float deviation)
        {
            _groupSize = groupSize;
            Weights = random.Gaussian(length, deviation);
            int groups = Math.Max(1, (length + groupSize - 1) / groupSize);
            _scales = [.. Enumerable.Range(0, groups).Select(g => deviation * (0.3f + 0.01f * g))];
            _zeros = [.. Enumerable.Range(0, groups).Select(g => 7f + g % 2)];
            float[] table = [-1.5f, -0.4f, 0.5f, 1.4f];
            _tables = [.. Enumerable.Range(0, groups).SelectMany(g => table.Select(v => (v + g * 1e-3f) * deviation))];
            _codes = new byte[length];
            for (int i = 0; i < length; i++)
                _codes[i] = (byte)Math.Clamp(MathF.Round(Weights[i] / _scales[i / groupSize] + _zeros[i / groupSize]), 0, 15);
        }

        public float[] Weights { get; }

        public ErrorSums Errors(KernelSet kernels)
        {
            ErrorSums sums = default;
            kernels.AddDecodedErrors(Weights, _codes, _groupSize, _scales, _zeros, ref sums);
            return sums;
        }

        public ErrorSums LatticeErrors(KernelSet kernels)
        {
            ErrorSums sums = default;
            kernels.AddLatticeErrors(Weights, [.. _codes.Select(code => (byte)(code / 4))], _groupSize, _tables, ref sums);
            return sums;
        }

        public ErrorSums DecodedErrors(KernelSet kernels)
        {
            ErrorSums sums = default;
            kernels.AddErrors(Weights, Decoded(), ref sums);
            return sums;
        }

        public float[] Decoded() =>
            [.. _codes.Select((code, i) => (code - _zeros[i / _groupSize]) * _scales[i / _groupSize])];
    }
}
