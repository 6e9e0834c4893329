using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

/// <summary>
/// Cosine on iid Gaussian weights, group 128: figures of the literature and of measurement. A larger difference is a defect.
/// </summary>
public sealed class GaussianAccuracyTests
{
    private const int Rows = 256;
    private const int Columns = 2048;

    internal static LayerFigures Measure(
        float[] weights, int columns, int bits, CodeLayout layout, AffineSearch search, int groupSize = 128)
    {
        var format = new QuantizedFormat { BitWidth = bits, Layout = layout, Groups = new GroupLayout(columns, groupSize) };
        var block = new QuantizedBlock(format, 0, weights.Length / columns);
        KernelSet kernels = KernelSet.Create(null);
        var coder = new PlainCoder(kernels, new GridFit(kernels, format, search), []);
        return LayerFigures.From(new RowQuantizer(kernels, format, coder).Quantize(weights, block, 0).Weights);
    }

    [Theory]
    [InlineData(2, CodeLayout.Lattice2, 0, 0.9414, 0.002)]
    [InlineData(2, CodeLayout.Lattice3, 0, 0.9445, 0.002)]
    [InlineData(2, CodeLayout.Affine, 2, 0.9433, 0.002)]
    [InlineData(2, CodeLayout.Affine, 0, 0.892, 0.002)]
    [InlineData(4, CodeLayout.Affine, 1, 0.9955, 0.0005)]
    [InlineData(4, CodeLayout.Affine, 0, 0.9950, 0.0005)]
    [InlineData(8, CodeLayout.Affine, 0, 0.99998, 0.00001)]
    public void Quantize_GaussianWeights_ReachesTheKnownCosine(int bits, CodeLayout layout, int search, double expected, double tolerance)
    {
        LayerFigures figures = Measure(new SeededNumbers(7).Gaussian(Rows * Columns, 0.02), Columns, bits, layout, (AffineSearch)search);
        Assert.Equal(expected, figures.Cosine, tolerance);
        Assert.Equal(1, figures.Gain, 0.001);
        Assert.Equal(1 / (figures.Cosine * figures.Cosine) - 1, figures.Nmse, 0.001);
    }
}
