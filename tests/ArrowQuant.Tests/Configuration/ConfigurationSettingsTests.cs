using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Configuration;

public sealed class ConfigurationSettingsTests
{
    // Name, default, texts that are valid, texts that are not; items of lists are separated by commas.
    private static readonly (string Name, string Default, string[] Valid, string[] Invalid)[] Table =
    [
        ("bit_width", "4", ["2", "4", "8", " 8 "], ["0", "1", "3", "5", "16", "-4", "4.0", "0x4", "four", "", "99999999999"]),
        ("modality", "none", ["none", "text", "code", "image", "audio", "Audio"], ["video", "0", "1", "", "text,code"]),
        ("recipe", "strategy", ["strategy", "best", "Best"], ["worst", "0", "none", ""]),
        (
            "edge_layers", "recipe", ["recipe", "off", "100%", "1%", "0.5 %", "0.0000000001%", "12.3456789%", "Recipe", "2%"],
            ["0%", "-1%", "101%", "1", "0.01", "1e-3%", "NaN%", "%", "0.00000000001%", "99999999999999999999999999999999%", "on", ""]
        ),
        ("num_time_groups", "10", ["1", "10", "100"], ["0", "101", "-1", "1e1", "NaN", ""]),
        ("time_partition", "uniform", ["uniform", "quantile", "optimal"], ["even", "2", "none", ""]),
        ("group_size", "128", ["32", "64", "128", "256"], ["0", "16", "31", "100", "512", "-128", ""]),
        ("enable_time_aware", "true", ["true", "false", "TRUE", "1", "0", "yes", "no", "on", "off"], ["2", "maybe", "", "t"]),
        ("enable_spatial", "true", ["true", "false"], ["2", ""]),
        ("min_accuracy", "0.85", ["0", "1", "1e-3", "0.9999"], ["-0.001", "1.0001", "NaN", "Infinity", "-Infinity", "0,9", "high", ""]),
        ("calibration_samples", "128", ["1", "65536"], ["0", "65537", "-1", ""]),
        ("deployment_profile", "local", ["edge", "local", "cloud"], ["none", "laptop", "1", ""]),
        ("fail_fast", "false", ["true", "false"], ["2", ""]),
        ("fallback_scope", "model", ["model", "layer"], ["tensor", ""]),
        ("keep_min_accuracy", "false", ["true", "false"], ["2", ""]),
        ("accuracy_metric", "auto", ["auto", "weight", "output"], ["cosine", ""]),
        ("min_layer_accuracy", "0", ["0", "1", "0.5"], ["-1", "1.5", "NaN", ""]),
        ("minimax_time_weighting", "false", ["true", "false"], ["2", ""]),
        ("hessian_block", "0", ["0", "256", "4096", "16384"], ["1", "255", "16385", "-256", ""]),
        ("layout", "recipe", ["recipe", "method", "auto", "affine", "lattice", "trellis4", "trellis6", "Trellis6"],
            ["trellis", "none", "0", ""]),
        ("rotation", "recipe", ["recipe", "none", "hadamard", "auto"], ["true", "random", "1", ""]),
        ("rotation_seed", "0", ["0", "7", "2147483647"], ["-1", "2147483648", "0x1", ""]),
        ("skip_sensitive_layers", "true", ["true", "false"], ["2", ""]),
        ("sensitive_layer_names", "", ["", "a", "a, b.c", "["], ["a,,b", ","]),
        ("sensitive_layer_patterns", "", ["", ".*", @"a{1\,2}, b"], ["[", "a,", "(", "*"]),
        ("layer_bit_widths", "", ["", "a=2", "a=4, b.*=8", "c=16", "(?=x)y=8"], ["a", "a=", "a=3", "a=32", "=4", "[=4", "a=4, a=8", "a=x"]),
        ("compression", "none", ["none", "zstd"], ["gzip", ""]),
        ("num_threads", "0", ["0", "1", "1024"], ["-1", "1025", ""]),
        ("max_memory_mb", "0", ["0", "1", "4096", "4GiB", "1.5 TiB", "8796093022207"], ["-1", "8796093022208", "512KiB", "4XB", "GiB", ""]),
        ("enable_streaming", "true", ["true", "false"], ["2", ""]),
        ("include_layers", "", ["", "a.*"], ["[", "a,"]),
        ("exclude_layers", "", ["", "a.*"], ["[", "a,"]),
    ];

    public static TheoryData<string> Names => [.. ConfigurationSettings.All.Select(setting => setting.Name)];

    [Fact]
    public void All_Names_AreThoseOfTheContractInOrder() =>
        Assert.Equal(Table.Select(row => row.Name), ConfigurationSettings.All.Select(setting => setting.Name));

    [Fact]
    public void All_Properties_HaveOneSettingEach() =>
        Assert.Equal(typeof(DiffusionQuantConfig).GetProperties().Length, ConfigurationSettings.All.Count);

    [Theory, MemberData(nameof(Names))]
    public void Default_EverySetting_IsThatOfTheContract(string name) =>
        Assert.Equal(Row(name).Default, ConfigurationSettings.Find(name)!.Default);

    [Theory, MemberData(nameof(Names))]
    public void Check_ValidTexts_HaveNoProblemAndFormatReadsBack(string name)
    {
        ConfigurationSetting setting = ConfigurationSettings.Find(name)!;
        foreach (string text in Row(name).Valid)
        {
            Assert.True(setting.TryApply(new(), text, out DiffusionQuantConfig config, out string? problem), problem);
            Assert.Empty(setting.Check(config));
            Assert.True(setting.TryApply(new(), setting.Format(config), out DiffusionQuantConfig again, out _));
            Assert.Equal(config, again);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Check_InvalidTexts_NameTheValidValues(string name)
    {
        ConfigurationSetting setting = ConfigurationSettings.Find(name)!;
        foreach (string text in Row(name).Invalid)
        {
            IReadOnlyList<string> problems = setting.TryApply(new(), text, out DiffusionQuantConfig config, out string? unread)
                ? setting.Check(config)
                : [unread];
            Assert.NotEmpty(problems);
            Assert.All(problems, problem => Assert.EndsWith($"; valid: {setting.Valid}", problem, StringComparison.Ordinal));
            Assert.All(problems, problem => Assert.DoesNotContain('\n', problem));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void TryApply_ValueOfOneSetting_ChangesNoOther(string name)
    {
        ConfigurationSetting setting = ConfigurationSettings.Find(name)!;
        Assert.True(setting.TryApply(new(), Row(name).Valid[^1], out DiffusionQuantConfig changed, out _));
        Assert.All(
            ConfigurationSettings.All.Where(other => other != setting),
            other => Assert.True(other.HasSameValue(changed, new()), other.Name));
    }

    [Fact]
    public void TryApply_ScalarWithTwoItems_IsRefused()
    {
        Assert.False(ConfigurationSettings.Find("bit_width")!.TryApply(new(), ["2", "4"], out _, out string? problem));
        Assert.Equal("2, 4 is not valid (one value is expected); valid: 2, 4, 8", problem);
    }

    [Theory]
    [InlineData(0.007, "0.7%")]
    [InlineData(0.0, "off")]
    [InlineData(1.0, "100%")]
    [InlineData(null, "recipe")]
    public void Format_EdgeLayers_IsAShareInPercent(double? share, string text)
    {
        ConfigurationSetting setting = ConfigurationSettings.Find("edge_layers")!;
        Assert.Equal(text, setting.Format(new() { EdgeLayers = share }));
        Assert.True(setting.TryApply(new(), text, out DiffusionQuantConfig config, out _));
        Assert.Equal(share, config.EdgeLayers);
    }

    [Theory]
    [InlineData(-0.01, "-0.01")]
    [InlineData(1.5, "1.5")]
    [InlineData(1e-13, "1E-13")]
    [InlineData(double.NaN, "NaN")]
    public void Check_EdgeLayersThatAreNoShare_NamesTheValue(double share, string text) => Assert.Equal(
        $"{text} is not valid; valid: recipe, off, above 0% to 100%",
        Assert.Single(ConfigurationSettings.Find("edge_layers")!.Check(new() { EdgeLayers = share })));

    [Fact]
    public void Find_UnknownName_IsNull() => Assert.Null(ConfigurationSettings.Find("BitWidth"));

    private static (string Name, string Default, string[] Valid, string[] Invalid) Row(string name) =>
        Table.Single(row => row.Name == name);
}
