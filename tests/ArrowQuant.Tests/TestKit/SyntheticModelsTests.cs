using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class SyntheticModelsTests
{
    // By a Python implementation of the same published algorithms.
    private static readonly float[] Pinned = [-0.832741434f, -0.10752149f, -0.817320981f, 0.664732969f];

    // From the published algorithm: splitmix64 of seed 0 begins with these four states.
    [Fact]
    public void NextBits_SeedZero_FollowsTheReferenceAlgorithm()
    {
        ulong[] state = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC];
        ulong first = ulong.RotateLeft(state[1] * 5, 7) * 9;
        Assert.Equal(first, new SeededRandom(0).NextBits());
    }

    [Fact]
    public void Values_SameSeed_AreTheSameAndPinned()
    {
        float[] values = SyntheticModels.Values(WeightDistribution.Gaussian, 4, 1, standardDeviation: 1);
        Assert.Equal(values, SyntheticModels.Values(WeightDistribution.Gaussian, 4, 1, standardDeviation: 1));
        Assert.NotEqual(values, SyntheticModels.Values(WeightDistribution.Gaussian, 4, 2, standardDeviation: 1));
        Close.Equal(Pinned, values, 1e-6, "seed 1");
    }

    [Theory]
    [InlineData(WeightDistribution.Gaussian, 2.8, 3.2)]
    [InlineData(WeightDistribution.Laplace, 5.3, 6.7)]
    [InlineData(WeightDistribution.StudentFive, 6, 20)]
    [InlineData(WeightDistribution.StudentThree, 15, 1e5)]
    public void Values_ManyDraws_HaveTheMomentsOfTheirDistribution(WeightDistribution distribution, double leastKurtosis,
        double mostKurtosis)
    {
        float[] values = SyntheticModels.Values(distribution, 200_000, 7, standardDeviation: 0.02);
        double mean = values.Average(value => (double)value);
        double variance = values.Average(value => (value - mean) * (value - mean));
        double kurtosis = values.Average(value => Math.Pow(value - mean, 4)) / (variance * variance);
        Assert.InRange(mean, -0.0002, 0.0002);
        Assert.InRange(Math.Sqrt(variance) / 0.02, 0.95, 1.05);
        Assert.InRange(kurtosis, leastKurtosis, mostKurtosis);
    }

    [Fact]
    public void Values_WithOutliers_HaveOnePairInEveryGroup()
    {
        float[] values =
            SyntheticModels.Values(WeightDistribution.GaussianWithOutliers, 1280, 3, standardDeviation: 0.5, outlierDeviations: 20);
        foreach (float[] group in values.Chunk(128))
        {
            Assert.Single(group, 10f);
            Assert.Single(group, -10f);
            Assert.Equal(126, group.Count(value => Math.Abs(value) < 3));
        }
    }

    [Fact]
    public void Values_OutliersInBrokenGroup_AreRefused() =>
        Assert.Contains("100 values",
            Assert.Throws<ArgumentException>(() => SyntheticModels.Values(WeightDistribution.GaussianWithOutliers, 100, 3)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("text")]
    [InlineData(null)]
    public void Write_Modality_IsInBothPlacesOrNowhere(string? modality)
    {
        using TempFolder folder = new();
        string model = SyntheticModels.Write(folder.PathOf("m"), WeightDistribution.Laplace, 5, modality);
        (Dictionary<string, string> metadata, List<RawTensor> tensors) = WeightFile.ReadRaw(Path.Combine(model, "model.safetensors"));
        Assert.Equal(modality, metadata.GetValueOrDefault("modality"));
        Assert.Equal(modality is not null, File.Exists(Path.Combine(model, "metadata.json")));
        Assert.Equal(SyntheticModels.DefaultLayers.Select(layer => layer.Name), tensors.Select(tensor => tensor.Name));
        Assert.Equal([256, 512], tensors[0].Shape);
        Assert.NotEqual(tensors[0].Data, tensors[3].Data);
    }
}
