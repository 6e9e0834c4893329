using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;
using CsCheck;

namespace ArrowQuant.Tests.Cli.Configuration;

public sealed class ConfigurationMergeTests
{
    private static readonly string[] Levels = ["config.yaml:1", "ARROW_QUANT", "--flag"];

    // Which levels give group_size; the strongest of them must win, and without any the profile or the default.
    [Theory]
    [InlineData(false, false, false, "128", "default")]
    [InlineData(true, false, false, "32", "config.yaml:1 group_size")]
    [InlineData(false, true, false, "64", "ARROW_QUANT group_size")]
    [InlineData(false, false, true, "256", "--flag group_size")]
    [InlineData(true, true, false, "64", "ARROW_QUANT group_size")]
    [InlineData(true, false, true, "256", "--flag group_size")]
    [InlineData(false, true, true, "256", "--flag group_size")]
    [InlineData(true, true, true, "256", "--flag group_size")]
    public void Merge_ValueAtSomeLevels_StrongestWins(bool yaml, bool environment, bool flag, string expected, string origin)
    {
        EffectiveConfiguration effective = Merge(
            yaml ? [Value(0, "group_size", "32")] : [],
            environment ? [Value(1, "group_size", "64")] : [],
            flag ? [Value(2, "group_size", "256")] : []);
        Assert.Equal(expected, ConfigurationSettings.Find("group_size")!.Format(effective.Config));
        Assert.Equal(origin, effective.Origins["group_size"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Merge_ProfileAtAnyLevel_GivesItsValuesBelowEveryExplicitValue(int level)
    {
        List<ConfigurationValue>[] levels = [[Value(0, "group_size", "32")], [Value(1, "bit_width", "4")], []];
        levels[level].Add(Value(level, "deployment_profile", "cloud"));
        EffectiveConfiguration effective = Merge(levels);
        Assert.Equal(
            DiffusionQuantConfig.FromProfile(DeploymentProfile.Cloud) with { GroupSize = 32, BitWidth = 4 }, effective.Config);
        Assert.Equal($"profile cloud ({Levels[level]} deployment_profile)", effective.Origins["min_accuracy"]);
        Assert.Equal("config.yaml:1 group_size", effective.Origins["group_size"]);
        Assert.Equal("default", effective.Origins["num_threads"]);
        Assert.Equal($"{Levels[level]} deployment_profile", effective.Origins["deployment_profile"]);
    }

    [Fact]
    public void Merge_TwoProfiles_OnlyTheStrongestCounts()
    {
        EffectiveConfiguration effective = Merge(
            [Value(0, "deployment_profile", "edge")], [], [Value(2, "deployment_profile", "cloud")]);
        Assert.Equal(DiffusionQuantConfig.FromProfile(DeploymentProfile.Cloud), effective.Config);
    }

    [Fact]
    public void Merge_Lists_ReplaceAndDoNotAdd()
    {
        EffectiveConfiguration effective = Merge(
            [new(ConfigurationSettings.Find("exclude_layers")!, ["a", "b"], "file")], [], [Value(2, "exclude_layers", "c")]);
        Assert.Equal(["c"], effective.Config.ExcludeLayers);
    }

    [Fact]
    public void Merge_ErrorsAtEveryLevel_AllReportedWithOriginValueAndValidValues()
    {
        List<string> errors = [];
        ConfigurationMerge.Merge(
            [
                [Value(0, "group_size", "100"), Value(0, "min_accuracy", "high")],
                [Value(1, "group_size", "1")],
                [Value(2, "group_size", "64"), Value(2, "modality", "video")],
            ],
            errors);
        Assert.Equal(
            [
                "config.yaml:1 group_size: 100 is not valid; valid: 32, 64, 128, 256",
                "config.yaml:1 min_accuracy: high is not valid; valid: 0..1",
                "ARROW_QUANT group_size: 1 is not valid; valid: 32, 64, 128, 256",
                "--flag modality: video is not valid; valid: none, text, code, image, audio",
            ],
            errors);
    }

    // Laying b on a first, or c on b first, must not matter: only the order of the levels does.
    [Fact, Trait("Category", "Property")]
    public void Merge_LevelsJoinedEitherWay_GiveTheSame() =>
        Gen.Select(LevelGen(0), LevelGen(1), LevelGen(2)).Sample((a, b, c) =>
        {
            DiffusionQuantConfig apart = Merge(a, b, c).Config;
            Assert.Equal(apart, Merge([.. a, .. b], c).Config);
            Assert.Equal(apart, Merge(a, [.. b, .. c]).Config);
        });

    private static Gen<List<ConfigurationValue>> LevelGen(int level) => Gen.OneOf(
        Gen.OneOf("2", "4", "8").Select(text => Value(level, "bit_width", text)),
        Gen.OneOf("32", "64", "256").Select(text => Value(level, "group_size", text)),
        Gen.OneOf("edge", "local", "cloud").Select(text => Value(level, "deployment_profile", text)),
        Gen.OneOf("0.1", "0.9").Select(text => Value(level, "min_accuracy", text))).List[0, 4];

    private static ConfigurationValue Value(int level, string name, string text) =>
        new(ConfigurationSettings.Find(name)!, [text], $"{Levels[level]} {name}");

    private static EffectiveConfiguration Merge(params IReadOnlyList<ConfigurationValue>[] levels)
    {
        List<string> errors = [];
        EffectiveConfiguration effective = ConfigurationMerge.Merge(levels, errors);
        Assert.Empty(errors);
        return effective;
    }
}
