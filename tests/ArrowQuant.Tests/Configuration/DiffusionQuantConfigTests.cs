using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Configuration;

public sealed class DiffusionQuantConfigTests
{
    [Fact]
    public void FromProfile_Edge_HasItsValues() => Assert.Equal(
        new DiffusionQuantConfig
        {
            DeploymentProfile = DeploymentProfile.Edge,
            BitWidth = 2,
            NumTimeGroups = 5,
            GroupSize = 256,
            EnableSpatial = false,
            MinAccuracy = 0.65,
            CalibrationSamples = 32,
        },
        DiffusionQuantConfig.FromProfile(DeploymentProfile.Edge));

    [Fact]
    public void FromProfile_Local_IsTheDefaults() =>
        Assert.Equal(new DiffusionQuantConfig(), DiffusionQuantConfig.FromProfile(DeploymentProfile.Local));

    [Fact]
    public void FromProfile_Cloud_HasItsValues() => Assert.Equal(
        new DiffusionQuantConfig
        {
            DeploymentProfile = DeploymentProfile.Cloud,
            BitWidth = 8,
            NumTimeGroups = 20,
            GroupSize = 64,
            MinAccuracy = 0.95,
            CalibrationSamples = 512,
        },
        DiffusionQuantConfig.FromProfile(DeploymentProfile.Cloud));

    [Fact]
    public void FromProfile_Unknown_IsArgumentMisuse() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => DiffusionQuantConfig.FromProfile((DeploymentProfile)3));

    [Fact]
    public void Equals_ListsWithEqualItems_AreEqual()
    {
        DiffusionQuantConfig left = new() { ExcludeLayers = ["a", "b"], LayerBitWidths = [new("x", 8)] };
        DiffusionQuantConfig right = new() { ExcludeLayers = new List<string> { "a", "b" }, LayerBitWidths = [new("x", 8)] };
        Assert.Equal(left, right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
    }

    [Fact]
    public void Equals_OrderOfWidths_Matters() => Assert.NotEqual(
        new DiffusionQuantConfig { LayerBitWidths = [new("x", 8), new("y", 4)] },
        new DiffusionQuantConfig { LayerBitWidths = [new("y", 4), new("x", 8)] });
}
