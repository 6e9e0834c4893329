using ArrowQuant.Kernels;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>
/// Affine rows are measured by sums that coding leaves: the same figures as those of rows that are measured afterwards, at every width, and
/// right ones.
/// </summary>
public sealed class RunErrorsTests
{
    private static readonly KernelSet Scalar = KernelSet.Create("scalar");

    private static readonly (int Bits, int GroupSize)[] Cases = [(2, 32), (4, 64), (4, 128), (8, 256), (8, 1008), (2, 608)];

    public static TheoryData<string, bool> WidthsAndSearches { get; } = new(
        KernelSet.Names.SelectMany(_ => new[] { false, true }, (name, searches) => (name, searches)));

    [Theory]
    [MemberData(nameof(WidthsAndSearches))]
    public void CodeAffineRow_AnyLengthGroupSizeAndMagnitude_LeavesTheErrorsOfTheScalarDefinition(string width, bool searches)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(13);
        foreach (float deviation in new[] { 0.02f, 1e-12f, 1e-16f, 1e-33f, 1e13f, 1e25f, 0f })
        {
            for (int length = 1; length <= 700; length += deviation == 0.02f && length < 258 ? 1 : 37)
            {
                foreach ((int bits, int groupSize) in Cases)
                {
                    var row = new Row(random, length, bits, groupSize, deviation, searches);
                    ErrorSums expected = row.Measure(Scalar, row.Scales);
                    Assert.Equal(row.ExpectedCodes(), row.Code(kernels));
                    Assert.Equal(expected, row.Known(kernels, row.Scales) ?? expected);
                    Assert.Equal(expected, row.Measure(kernels, row.Scales));
                    float[] moved = [.. row.Scales.Select(scale => FloatStorage.Round(scale * 1.07f))];
                    ErrorSums after = row.Measure(Scalar, moved);
                    Assert.Equal(after, row.Known(kernels, moved) ?? after);
                    Assert.Equal(after, row.Measure(kernels, moved));
                    if (deviation is 0.02f or 1e-12f or 1e13f) Assert.NotNull(row.Known(kernels, row.Scales));
                }
            }
        }
    }

    [Theory]
    [InlineData(1f, 0f, 0f)]
    [InlineData(0.001f, 3f, 0f)]
    [InlineData(1f, -40f, 0f)]
    [InlineData(0.01f, 0f, 60f)]
    [InlineData(0.01f, 0.2f, -5f)]
    [InlineData(0f, 0.37f, 0f)]
    [InlineData(0f, 0f, 2f)]
    public void LargestError_OfAnyShape_IsNotMissedByItsBound(float deviation, float offset, float outlier)
    {
        var random = new SeededNumbers(21);
        foreach ((int bits, int groupSize) in Cases)
        {
            for (int trial = 0; trial < 40; trial++)
            {
                float[] weights = [.. Enumerable.Range(0, 2048).Select(_ => offset + deviation * (float)random.Gaussian())];
                weights[(int)random.Below(2048)] += outlier;
                var row = new Row(weights, bits, groupSize, searches: false);
                row.Code(Scalar);
                foreach (float gain in new[] { 1f, 0.93f, 1.2f })
                {
                    float[] scales = [.. row.Scales.Select(scale => FloatStorage.Round(scale * gain))];
                    ErrorSums known = Assert.NotNull(row.Known(KernelSet.Create(null), scales));
                    Assert.Equal(row.InDoublePrecision(scales).Largest, known.LargestError);
                }
            }
        }
    }

    [Theory]
    [InlineData(0.02f)]
    [InlineData(1e-12f)]
    [InlineData(1e-30f)]
    [InlineData(1e13f)]
    [InlineData(1e17f)]
    public void AddAffineErrors_AnyMagnitude_AgreesWithDoublePrecision(float deviation)
    {
        foreach ((int bits, int groupSize) in Cases)
        {
            foreach (bool searches in new[] { false, true })
            {
                var row = new Row(new SeededNumbers(12), 5000, bits, groupSize, deviation, searches);
                row.Code(Scalar);
                ErrorSums sums = row.Measure(KernelSet.Create(null), row.Scales);
                (double product, double original, double decoded, double error, double largest) = row.InDoublePrecision(row.Scales);
                Assert.Equal(1, sums.Product / product, 1e-7);
                Assert.Equal(1, sums.Original / original, 1e-7);
                Assert.Equal(1, sums.Decoded / decoded, 1e-7);
                Assert.Equal(1, sums.Error / error, 2e-6);
                Assert.Equal(largest, sums.LargestError);
            }
        }
    }

    [Fact]
    public void AddAffineErrors_WeightsThatTheGridHolds_HaveNoErrorAtAll()
    {
        float[] weights = [.. Enumerable.Range(0, 1024).Select(i => (i * 7 % 16 - 5) * 0.125f)];
        byte[] codes = [.. Enumerable.Range(0, 1024).Select(i => (byte)(i * 7 % 16))];
        ErrorSums sums = default;
        KernelSet.Create(null).AddAffineErrors(
            weights, codes, 128, [.. Enumerable.Repeat(0.125f, 8)], [.. Enumerable.Repeat(5f, 8)], 4, ref sums);
        Assert.Equal(0, sums.Error);
        Assert.Equal(0, sums.LargestError);
        Assert.Equal(sums.Original, sums.Decoded);
        Assert.Equal(weights.Sum(w => (double)w * w), sums.Original);
    }

    [Fact]
    public void LargestError_OfAnEarlierRow_StaysWhenThisOneHasLess()
    {
        KernelSet kernels = KernelSet.Create(null);
        var row = new Row(new SeededNumbers(3), 512, 4, 128, 0.02f, false);
        row.Code(kernels);
        ErrorSums own = row.Measure(kernels, row.Scales);
        ErrorSums after = new() { LargestError = 2 * own.LargestError };
        row.Measure(kernels, row.Scales, ref after);
        Assert.Equal(2 * own.LargestError, after.LargestError);
        after = new ErrorSums { LargestError = MathF.BitDecrement(own.LargestError) };
        row.Measure(kernels, row.Scales, ref after);
        Assert.Equal(own.LargestError, after.LargestError);
    }

    [Theory]
    [MemberData(nameof(WidthsAndSearches))]
    public void ApplyGain_AnyValues_RoundsEachByItself(string width, bool negative)
    {
        KernelSet kernels = KernelSet.Create(width);
        var random = new SeededNumbers(5);
        for (int length = 0; length <= 40; length++)
        {
            float[] values = [.. random.Gaussian(length, 0.01f).Select(v => FloatStorage.Round(negative ? v : MathF.Abs(v)))];
            if (length == 33) (values[3], values[20], values[21], values[22]) = (0, 1e-39f, 3e38f, 1e-37f);
            foreach (float gain in new[] { 1f, 0.9f, 2f })
            {
                float[] expected = [.. values.Select(v => FloatStorage.Round(MathF.Min(v * gain, float.MaxValue)))];
                float[] found = [.. values];
                Assert.Equal(!expected.SequenceEqual(values), kernels.ApplyGain(found, gain));
                Assert.Equal(expected, found);
            }
        }
    }

    /// <summary>A row with a fitted grid for each group.</summary>
    private sealed class Row
    {
        private readonly float[] _weights;
        private readonly int _bits;
        private readonly int _groupSize;
        private readonly float[] _references;
        private readonly float[] _zeros;
        private readonly byte[] _codes;
        private readonly CodedSums _sums;

        public Row(SeededNumbers random, int length, int bits, int groupSize, float deviation, bool searches)
            : this([.. Enumerable.Range(0, length).Select(_ => deviation * (float)random.Gaussian())], bits, groupSize, searches)
        {
        }

        public Row(float[] weights, int bits, int groupSize, bool searches)
        {
            int length = weights.Length;
            (_weights, _bits, _groupSize) = (weights, bits, groupSize);
            int groups = (length + groupSize - 1) / groupSize;
            _references = new float[groups];
            _zeros = new float[groups];
            _codes = new byte[length];
            _sums = new CodedSums(1, length, groupSize);
            var rows = new GroupRows(_weights, length, groupSize);
            Scalar.FitAffine(rows, bits, AffineSearch.MinMax, _references, _zeros);
            Scales = _references;
            if (!searches) return;
            Scales = new float[groups];
            Scalar.FitAffine(rows, bits, bits == 2 ? AffineSearch.FreeZero : AffineSearch.IntegerZero, Scales, _zeros);
        }

        public float[] Scales { get; }

        public byte[] ExpectedCodes()
        {
            byte[] codes = new byte[_weights.Length];
            for (int g = 0; g < Scales.Length; g++)
            {
                Range part = (g * _groupSize)..Math.Min(codes.Length, (g + 1) * _groupSize);
                Scalar.EncodeAffine(_weights.AsSpan(part), Scales[g], _zeros[g], _bits, codes.AsSpan(part));
            }

            return codes;
        }

        public byte[] Code(KernelSet kernels)
        {
            kernels.CodeAffineRow(_weights, _groupSize, _references, Scales, _zeros, _bits, _codes, _sums, 0);
            return [.. _codes];
        }

        // What coding tells of the row with some scales, or null where it tells nothing.
        public ErrorSums? Known(KernelSet kernels, float[] scales)
        {
            if (!kernels.TryErrorsOfCoded<AllSums>(_sums, 0, scales, out ErrorSums sums)) return null;
            sums.LargestError = kernels.LargestErrorOfCoded(_sums, 0, _weights, _codes, _groupSize, scales, _zeros, _bits, 0);
            return sums;
        }

        public ErrorSums Measure(KernelSet kernels, float[] scales)
        {
            ErrorSums sums = default;
            kernels.AddAffineErrors(_weights, ExpectedCodes(), _groupSize, scales, _zeros, _bits, ref sums);
            return sums;
        }

        public void Measure(KernelSet kernels, float[] scales, ref ErrorSums sums) =>
            kernels.AddAffineErrors(_weights, ExpectedCodes(), _groupSize, scales, _zeros, _bits, ref sums);

        public (double Product, double Original, double Decoded, double Error, double Largest) InDoublePrecision(float[] scales)
        {
            (double product, double original, double decoded, double error, double largest) = (0, 0, 0, 0, 0);
            for (int i = 0; i < _weights.Length; i++)
            {
                float value = (_codes[i] - _zeros[i / _groupSize]) * scales[i / _groupSize];
                double w = _weights[i], d = _weights[i] - value;
                product += w * value;
                original += w * w;
                decoded += (double)value * value;
                error += d * d;
                largest = Math.Max(largest, Math.Abs(d));
            }

            return (product, original, decoded, error, largest);
        }
    }
}
