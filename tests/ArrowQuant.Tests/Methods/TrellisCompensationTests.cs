using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

/// <summary>GPTQ whose columns are paths through a trellis.</summary>
public sealed class TrellisCompensationTests
{
    private const int Columns = 192;
    private const int Rows = 600;

    public static TheoryData<CodeLayout> Layouts { get; } = [CodeLayout.Trellis4, CodeLayout.Trellis6];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Code_IdentityHessian_GivesTheCodesOfTheDataFreePaths(CodeLayout layout)
    {
        float[] weights = new SeededNumbers(1).Gaussian(Rows * Columns, 0.02);
        QuantizedFormat format = CodedRows.Format(2, layout, Columns, 64);
        KernelSet kernels = KernelSet.Create(null);
        CodedRows compensated = CodedRows.Compensated(
            weights, format, AffineSearch.MinMax, Factor(Inputs.Whitened(Columns, 3)));
        var rows = new GroupRows(weights, Columns, 64);
        float[] gains = new float[Rows * 3];
        new TrellisFit(kernels, format.Trellis!).Fit(rows, gains);
        byte[] codes = new byte[weights.Length];
        kernels.EncodeTrellis(format.Trellis!, rows, gains, codes);
        Assert.Equal(gains, compensated.Block.Scales);
        Assert.Equal(codes, compensated.Codes);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Code_AnyKernelsAndTiles_GivesTheSameBytes(CodeLayout layout)
    {
        ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(300, Columns, 5, 3), Columns);
        float[] weights = new SeededNumbers(2).Gaussian(Rows * Columns, 0.02);
        QuantizedFormat format = CodedRows.Format(2, layout, Columns, 64);
        HessianFactor hessian = Factor(samples);
        CodedRows expected = CodedRows.Compensated(weights, format, AffineSearch.MinMax, hessian, "scalar");
        foreach (string name in KernelSet.Names)
            expected.AssertSame(CodedRows.Compensated(weights, format, AffineSearch.MinMax, hessian, name, 512), name);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Quantize_CorrelatedInputs_LeavesLessOutputErrorThanPathsAlone(CodeLayout layout)
    {
        ActivationSamples samples = Inputs.Pooled(Inputs.Correlated(600, Columns, 5, 3), Columns);
        float[] weights = new SeededNumbers(4).Gaussian(Rows * Columns, 0.02);
        QuantizedFormat format = CodedRows.Format(2, layout, Columns, 64);
        double plain = OutputError(weights, format, samples, null);
        double compensated = OutputError(weights, format, samples, Factor(samples));
        Assert.InRange(compensated, 0, 0.8 * plain);
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Code_HessianOfWeightsOnAnyKernels_GivesTheSameBytes(CodeLayout layout)
    {
        float[] weights = AlikeRows(out _);
        QuantizedFormat format = CodedRows.Format(2, layout, Columns, 64);
        HessianFactor hessian = OfWeights(weights);
        CodedRows expected = CodedRows.Compensated(weights, format, AffineSearch.MinMax, hessian, "scalar");
        foreach (string name in KernelSet.Names)
            expected.AssertSame(CodedRows.Compensated(weights, format, AffineSearch.MinMax, hessian, name, 512), name);
    }

    /// <summary>
    /// A path down rows that are large and alike spends its codes on them: a small row in between takes the sign of what they share. With
    /// the Hessian of weights that is taken back.
    /// </summary>
    [Theory]
    [MemberData(nameof(Layouts))]
    public void Code_SmallRowAmongAlikeOnes_KeepsApartWhatTheyShare(CodeLayout layout)
    {
        float[] weights = AlikeRows(out float[] shared);
        QuantizedFormat format = CodedRows.Format(2, layout, Columns, 64);
        double alone = ErrorAlong(layout, shared, weights, CodedRows.Compensated(
            weights, format, AffineSearch.MinMax, Factor(Inputs.Whitened(Columns, 3))));
        double kept = ErrorAlong(layout, shared, weights, CodedRows.Compensated(weights, format, AffineSearch.MinMax, OfWeights(weights)));
        Assert.True(kept < 0.1 * alone, $"{kept} {alone}");
    }

    // Every row is the same direction and noise; each 32nd has a third of the size and little of the direction.
    private static float[] AlikeRows(out float[] shared)
    {
        var random = new SeededNumbers(11);
        shared = random.Gaussian(Columns, 0.2);
        float[] weights = random.Gaussian(Rows * Columns, 0.05);
        for (int i = 0; i < weights.Length; i++)
            if (i / Columns % 32 != 31) weights[i] += shared[i % Columns];
        return weights;
    }

    private static HessianFactor OfWeights(float[] weights) => HessianFactor.OfWeights(
        KernelSet.Create(null), ActivationSamples.Pooled(weights, Columns, new int[Rows], 1), Columns)!;

    // The mean square of what errors of small rows have along the shared direction.
    private static double ErrorAlong(CodeLayout layout, float[] shared, float[] weights, CodedRows coded)
    {
        var states = new TrellisCodes(layout == CodeLayout.Trellis4 ? "trellis4" : "trellis6", Columns);
        double sum = 0;
        for (int row = 0; row < Rows; row++)
        {
            double along = 0;
            for (int c = 0; c < Columns; c++)
            {
                int at = row * Columns + c;
                along += (states.Next(row, c, coded.Codes[at]) * coded.Block.Scales[at / 64] - weights[at]) * (double)shared[c];
            }

            if (row % 32 == 31) sum += along * along;
        }

        return sum;
    }

    private static double OutputError(float[] weights, QuantizedFormat format, ActivationSamples samples, HessianFactor? hessian)
    {
        KernelSet kernels = KernelSet.Create(null);
        IRowCoder coder = hessian is null
            ? PreparedLayer.CoderOf(kernels, format, AffineSearch.MinMax, [])
            : new CompensatedCoder(kernels, new GridFit(kernels, format, AffineSearch.MinMax), hessian);
        var block = new QuantizedBlock(format, 0, Rows);
        var meter = new OutputMeter(kernels, samples);
        var quantizer = new RowQuantizer(kernels, format, coder, new OutputCorrection(meter, meter, null));
        RowMeasures measures = quantizer.Quantize(weights, block, 0);
        return measures.Outputs.Sum(sum => sum.Error) / measures.Outputs.Sum(sum => sum.Original);
    }

    private static HessianFactor Factor(ActivationSamples samples) =>
        HessianFactor.TryCreate(KernelSet.Create(null), samples, Columns, false, 1)!;
}
