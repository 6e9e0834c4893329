using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Accuracy;

/// <summary>
/// Whole models of iid Gaussian weights through the whole product, group 128: what theory and measurement say must come out; a larger
/// difference is a defect.
/// </summary>
public sealed class GaussianAccuracyTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: the product reaches the known cosine. Input: four matrices of half a million seeded Gaussian weights in all; r2q is text
    /// with time-aware off, base is text and image without calibration data. Expected: INT2 r2q 0.9445 with its offset (which Gaussian
    /// weights always want), base 0.943, INT4 0.9950..0.996, INT8 at least 0.9999; every layer for itself, without bias, and decoded
    /// independently.
    /// </summary>
    [Theory]
    [InlineData("text", false, 2, "r2q", "lattice3", 0.9445, 0.002)]
    [InlineData("text", true, 2, "base", "affine", 0.943, 0.002)]
    [InlineData("image", true, 2, "base", "affine", 0.943, 0.002)]
    [InlineData("text", false, 4, "r2q", "affine", 0.9955, 0.0005)]
    [InlineData("text", true, 4, "base", "affine", 0.9955, 0.0005)]
    [InlineData("image", true, 4, "base", "affine", 0.9955, 0.0005)]
    [InlineData("text", false, 8, "r2q", "affine", 0.99995, 0.00005)]
    [InlineData("image", true, 8, "base", "affine", 0.99995, 0.00005)]
    public async Task Quantize_GaussianWeights_ReachTheKnownCosine(
        string modality, bool timeAware, int bits, string method, string layout, double expected, double tolerance)
    {
        string model = models.Gaussian(ModelForm.Safetensors, modality);
        QuantizationResult result = await _run.RunAsync(model, new() { BitWidth = bits, EnableTimeAware = timeAware, FailFast = true });

        Assert.Equal(expected, result.CosineSimilarity, tolerance);
        Assert.All(result.Layers, layer => Assert.Equal(
            (method, layout, bits, 128), (layer.Method, layer.Layout, layer.BitWidth, layer.GroupSize)));
        Assert.All(result.Layers, layer => Assert.Equal(expected, layer.CosineSimilarity, tolerance));
        Assert.All(result.Layers, layer => Assert.Equal(1, layer.Gain, 0.001));
        Assert.All(result.Layers, layer => Assert.Equal(1 / (layer.CosineSimilarity * layer.CosineSimilarity) - 1, layer.Nmse, 0.001));
        DecodedAssert.StatesTheTruth(result, Path.Combine(model, "model.safetensors"), _run.Output);
    }

    /// <summary>
    /// Purpose: heavy tails are quantized no worse than measured. Input: Laplace, Student t5 and t3 weights, 2 bits, base. Expected: within
    /// 0.01 (t3: 0.02) of the cosine of the exact R2Q with offset.
    /// </summary>
    [Theory]
    [InlineData(WeightDistribution.Laplace, 0.920, 0.01)]
    [InlineData(WeightDistribution.StudentFive, 0.9186, 0.01)]
    [InlineData(WeightDistribution.StudentThree, 0.911, 0.02)]
    public async Task Quantize_HeavyTails_ReachTheKnownCosine(WeightDistribution distribution, double expected, double tolerance)
    {
        string model = SyntheticModels.Write(_run.Inputs, distribution, 41, "text");
        QuantizationResult result = await _run.RunAsync(
            model, new DiffusionQuantConfig { BitWidth = 2, MinAccuracy = 0.85, FailFast = true });

        Assert.Equal(expected, result.CosineSimilarity, tolerance);
        Assert.All(result.Layers, layer => Assert.Equal(1, layer.Gain, 0.001));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
