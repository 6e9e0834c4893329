using ArrowQuant.Configuration;
using ArrowQuant.Errors;

namespace ArrowQuant.Tests.Configuration;

public sealed class ConfigurationValidatorTests
{
    [Fact]
    public void Validate_Defaults_HaveNoError() => Assert.Empty(ConfigurationValidator.Validate(new()));

    [Theory]
    [InlineData(DeploymentProfile.Edge)]
    [InlineData(DeploymentProfile.Local)]
    [InlineData(DeploymentProfile.Cloud)]
    public void Validate_Profiles_HaveNoError(DeploymentProfile profile) =>
        Assert.Empty(ConfigurationValidator.Validate(DiffusionQuantConfig.FromProfile(profile)));

    [Fact]
    public void Validate_EverythingWrong_ReportsAllAtOnceWithNameValueAndValidValues()
    {
        DiffusionQuantConfig config = new()
        {
            BitWidth = 3,
            Modality = (Modality)9,
            NumTimeGroups = 0,
            TimePartition = (TimePartition)7,
            GroupSize = 100,
            MinAccuracy = double.NaN,
            CalibrationSamples = 0,
            DeploymentProfile = (DeploymentProfile)(-1),
            FallbackScope = (FallbackScope)2,
            AccuracyMetric = (AccuracyMetric)3,
            MinLayerAccuracy = double.PositiveInfinity,
            HessianBlock = 255,
            SensitiveLayerNames = [""],
            SensitiveLayerPatterns = ["["],
            LayerBitWidths = [new("a", 3), new("(", 4), new("b", 8), new("b", 4)],
            Compression = (Compression)2,
            NumThreads = -1,
            MaxMemoryMb = -1,
            IncludeLayers = ["*"],
            ExcludeLayers = [null!],
        };
        IReadOnlyList<string> errors = ConfigurationValidator.Validate(config);
        Assert.Equal(22, errors.Count);
        Assert.Contains("bit_width: 3 is not valid; valid: 2, 4, 8", errors);
        Assert.Contains("modality: 9 is not valid; valid: none, text, code, image, audio", errors);
        Assert.Contains("min_accuracy: NaN is not valid; valid: 0..1", errors);
        Assert.Contains("min_layer_accuracy: Infinity is not valid; valid: 0..1", errors);
        Assert.Contains("group_size: 100 is not valid; valid: 32, 64, 128, 256", errors);
        Assert.Contains(errors, error => error.Contains("widths: b=4 is not valid (b already has 8); valid:", StringComparison.Ordinal));
        Assert.Contains(errors, error => error.Contains("patterns: [ is not valid (not a regular expression:", StringComparison.Ordinal));
        Assert.Contains("exclude_layers: an empty value is not valid; valid: regular expressions", errors);
    }

    [Fact]
    public void Validate_NullLists_AreErrors()
    {
        DiffusionQuantConfig config = new() { SensitiveLayerNames = null!, LayerBitWidths = null!, IncludeLayers = null! };
        Assert.Equal(
            ["sensitive_layer_names: null", "layer_bit_widths: null", "include_layers: null"],
            ConfigurationValidator.Validate(config).Select(error => error[..error.IndexOf(" is not valid", StringComparison.Ordinal)]));
    }

    [Fact]
    public void ThrowIfInvalid_TwoErrors_ThrowsWithBoth()
    {
        ConfigurationException exception = Assert.Throws<ConfigurationException>(
            () => ConfigurationValidator.ThrowIfInvalid(new() { BitWidth = 3, GroupSize = 1 }));
        Assert.Equal(
            ["bit_width: 3 is not valid; valid: 2, 4, 8", "group_size: 1 is not valid; valid: 32, 64, 128, 256"], exception.Errors);
        Assert.Contains("bit_width: 3", exception.Message, StringComparison.Ordinal);
        Assert.Contains("group_size: 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThrowIfInvalid_ValidConfig_DoesNotThrow() =>
        ConfigurationValidator.ThrowIfInvalid(new() { MinAccuracy = 1, NumThreads = 1024 });

    [Fact]
    public void ThrowIfInvalid_Null_IsArgumentMisuse() =>
        Assert.Throws<ArgumentNullException>(() => ConfigurationValidator.ThrowIfInvalid(null!));
}
