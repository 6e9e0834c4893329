using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

/// <summary>Relative errors of trellis codes at group 128; iid Gaussian figures are those of measurement.</summary>
public sealed class TrellisAccuracyTests
{
    private const int Rows = 512;
    private const int Columns = 512;

    [Theory]
    [InlineData(CodeLayout.Trellis6, 0.0828, 0.0840)]
    [InlineData(CodeLayout.Trellis4, 0.0930, 0.0950)]
    public void Code_GaussianWeights_HasTheKnownErrorBeforeTheGain(CodeLayout layout, double least, double most) =>
        Assert.InRange(ErrorOf(new SeededNumbers(7).Gaussian(Rows * Columns, 0.02), layout, null), least, most);

    [Theory]
    [InlineData(CodeLayout.Trellis6)]
    [InlineData(CodeLayout.Trellis4)]
    public void Code_HeavyTailsRotated_AreWithinFourPercentOfGaussian(CodeLayout layout)
    {
        var random = new SeededNumbers(11);
        var rotation = new HadamardRotation(0, new GroupLayout(Columns, 128));
        double gaussian = ErrorOf(random.Gaussian(Rows * Columns, 0.02), layout, null);
        float[] laplace = [.. Enumerable.Range(0, Rows * Columns).Select(_ => (float)random.Laplace())];
        float[] student = [.. Enumerable.Range(0, Rows * Columns).Select(_ => StudentThree(random))];
        Assert.InRange(ErrorOf(laplace, layout, null), 1.15 * gaussian, 2 * gaussian);
        Assert.InRange(ErrorOf(laplace, layout, rotation), 0.96 * gaussian, 1.04 * gaussian);

        // A group that one weight rules becomes plus and minus that weight, which codes better than noise.
        Assert.InRange(ErrorOf(student, layout, rotation), 0.85 * gaussian, 1.04 * gaussian);
    }

    [Theory]
    [InlineData(CodeLayout.Trellis6, null)]
    [InlineData(CodeLayout.Trellis6, 5)]
    [InlineData(CodeLayout.Trellis4, 5)]
    public void Quantize_ThenDecode_GivesTheMeasuredFiguresFromAnyRow(CodeLayout layout, int? seed)
    {
        const int Wide = 200;
        float[] weights = new SeededNumbers(3).Gaussian(600 * Wide, 0.05);
        QuantizedFormat format = CodedRows.Format(2, layout, Wide, 64) with
        {
            Rotation = seed is { } value ? new HadamardRotation((uint)value, new GroupLayout(Wide, 64)) : null,
        };
        KernelSet kernels = KernelSet.Create(null);
        var block = new QuantizedBlock(format, 0, 600);
        RowMeasures measures = new RowQuantizer(kernels, format, PreparedLayer.CoderOf(kernels, format, AffineSearch.MinMax, []))
            .Quantize(weights, block, 0);
        Assert.Equal(1, LayerFigures.From(measures.Weights).Gain, 0.002);
        Assert.InRange(LayerFigures.From(measures.Weights).Cosine, 0.945, 0.962);
        float[] whole = new float[weights.Length];
        BlockDecoder.Decode(kernels, block, 0, 600, whole);
        ErrorSums sums = default;
        for (int row = 0; row < 600; row++)
        {
            ErrorSums one = default;
            kernels.AddErrors(weights.AsSpan(row * Wide, Wide), whole.AsSpan(row * Wide, Wide), ref one);
            sums.Add(one);
        }

        Assert.Equal(measures.Weights, sums);
        float[] part = new float[2 * Wide];
        foreach (int first in new[] { 0, 1, 2, 3, 510, 511, 512, 513, 598 })
        {
            BlockDecoder.Decode(kernels, block, first, 2, part);
            Assert.Equal(whole.AsSpan(first * Wide, 2 * Wide).ToArray(), part);
        }

        var again = new RowMeasures(0);
        new RowQuantizer(kernels, format, PreparedLayer.CoderOf(kernels, format, AffineSearch.MinMax, []))
            .MeasureFinished(weights, block, 0, again);
        Assert.Equal(measures.Weights, again.Weights);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-30f)]
    [InlineData(1e30f)]
    public void Quantize_ExtremeWeights_StaysFinite(float unit)
    {
        float[] weights = [.. new SeededNumbers(3).Gaussian(40 * 96).Select(value => value * unit)];
        weights[5] = 0f;
        QuantizedFormat format = CodedRows.Format(2, CodeLayout.Trellis6, 96, 64) with
        {
            Rotation = new HadamardRotation(1, new GroupLayout(96, 64)),
        };
        KernelSet kernels = KernelSet.Create(null);
        var block = new QuantizedBlock(format, 0, 40);
        RowMeasures measures = new RowQuantizer(kernels, format, PreparedLayer.CoderOf(kernels, format, AffineSearch.MinMax, []))
            .Quantize(weights, block, 0);
        Assert.All(block.Scales, scale => Assert.True(float.IsFinite(scale) && scale >= 0, $"gain {scale}"));
        Assert.InRange(LayerFigures.From(measures.Weights).Cosine, 0.94, 1);
    }

    private static double ErrorOf(float[] weights, CodeLayout layout, HadamardRotation? rotation)
    {
        KernelSet kernels = KernelSet.Create(null);
        QuantizedFormat format = CodedRows.Format(2, layout, Columns, 128);
        float[] rotated = [.. weights];
        rotation?.Rotate(kernels, rotated);
        var block = new QuantizedBlock(format, 0, Rows);
        byte[] codes = new byte[weights.Length];
        PreparedLayer.CoderOf(kernels, format, AffineSearch.MinMax, []).Code(rotated, block, 0, codes);
        for (int row = 0; row < Rows; row++)
            Codes.Pack(codes.AsSpan(row * Columns, Columns), 2, block.Codes.AsSpan(row * Columns / 4, Columns / 4));
        float[] decoded = new float[weights.Length];
        BlockDecoder.Decode(kernels, block, 0, Rows, decoded);
        double error = 0, energy = 0;
        for (int i = 0; i < decoded.Length; i++)
        {
            error += Math.Pow(rotated[i] - (double)decoded[i], 2);
            energy += Math.Pow(rotated[i], 2);
        }

        return error / energy;
    }

    private static float StudentThree(SeededNumbers random)
    {
        double chi = 0;
        for (int i = 0; i < 3; i++) chi += Math.Pow(random.Gaussian(), 2);
        return (float)(random.Gaussian() / Math.Sqrt(chi));
    }
}
