using System.Text;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;
using CsCheck;

namespace ArrowQuant.Tests.Cli.Configuration;

public sealed class YamlConfigurationTests
{
    private static readonly Gen<string> Names = Gen.OneOf(
        Gen.String[Gen.Char["abz019._/-:#\"'\\{}[]&*!|>%@`, \t\n\r=?~\u0000\u0085\u2028\uFEFFé中"], 1, 20],
        Gen.OneOf("null", "~", "true", "1", "- a", "a: b", "😀", "=", new string('k', 1500)));

    private static readonly Gen<char> OddCharacters = Gen.Char["{}[]&*!|>%@`:,-?#\"'\t\n \u0000\uD800a1<~\\"];

    private static readonly Gen<string> Patterns = Gen.OneOf(".*", @"blocks\.\d+\..*", "a{1,2}", "(?=x)y", "[\"':#]", @"\\", "x=y", "é");

    private static readonly Gen<DiffusionQuantConfig> Configs =
        from width in Gen.OneOf(2, 4, 8)
        from modality in Gen.OneOf<Modality?>(null, Modality.Text, Modality.Audio)
        from accuracy in Gen.Double[0, 1]
        from flags in Gen.Bool.Array[6]
        from words in Gen.Select(Gen.Enum<TimePartition>(), Gen.Enum<FallbackScope>(), Gen.Enum<AccuracyMetric>(), Gen.Enum<Compression>())
        from grids in Gen.Select(Gen.Enum<LayoutChoice>(), Gen.Enum<RotationChoice>(), Gen.Int[0, int.MaxValue])
        from profile in Gen.Enum<DeploymentProfile>()
        from memory in Gen.Long[0, 1L << 40]
        from names in Names.List[0, 4]
        from patterns in Patterns.List[0, 3]
        from widths in Gen.Select(Patterns, Gen.OneOf(2, 4, 8, 16)).List[0, 4]
        select new DiffusionQuantConfig
        {
            BitWidth = width,
            Modality = modality,
            MinAccuracy = accuracy,
            MinLayerAccuracy = 1 - accuracy,
            EnableTimeAware = flags[0],
            EnableSpatial = flags[1],
            FailFast = flags[2],
            KeepMinAccuracy = flags[3],
            SkipSensitiveLayers = flags[4],
            EnableStreaming = flags[5],
            TimePartition = words.Item1,
            FallbackScope = words.Item2,
            AccuracyMetric = words.Item3,
            Compression = words.Item4,
            Layout = grids.Item1,
            Rotation = grids.Item2,
            RotationSeed = grids.Item3,
            DeploymentProfile = profile,
            MaxMemoryMb = memory,
            SensitiveLayerNames = names,
            SensitiveLayerPatterns = patterns,
            IncludeLayers = patterns,
            LayerBitWidths = [.. widths.DistinctBy(pair => pair.Item1).Select(pair => KeyValuePair.Create(pair.Item1, pair.Item2))],
        };

    [Fact, Trait("Category", "Property")]
    public void Write_ThenRead_GivesAnEqualConfiguration() => Configs.Sample(config =>
    {
        (DiffusionQuantConfig read, List<string> errors) = Read(YamlConfigurationWriter.Write(config));
        Assert.Empty(errors);
        Assert.Equal(config, read);
    });

    [Fact, Trait("Category", "Fuzz")]
    public void Read_MutatedDocument_IsReadOrReported() =>
        Gen.Select(Configs, Gen.Select(Gen.Int[0, 5000], OddCharacters, Gen.Int[0, 2]).Array[1, 8])
            .Sample((config, mutations) =>
            {
                StringBuilder text = new(YamlConfigurationWriter.Write(config));
                foreach ((int at, char c, int kind) in mutations)
                {
                    int index = at % text.Length;
                    if (kind == 0) text[index] = c;
                    else if (kind == 1) text.Insert(index, c);
                    else text.Remove(index, Math.Min(at % 40 + 1, text.Length - index - 1));
                }

                (_, List<string> errors) = Read(text.ToString());
                Assert.All(errors, error => Assert.StartsWith("c.yaml", error, StringComparison.Ordinal));
            });

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("---\n")]
    [InlineData("~\n")]
    [InlineData("\uFEFFbit_width: 4\n")]
    [InlineData("modality: ~\nmodality_too: 1\n", "c.yaml:2 modality_too: unknown name; the nearest valid name is modality")]
    [InlineData("bit_width: 3\n", "c.yaml:1 bit_width: 3 is not valid; valid: 2, 4, 8")]
    [InlineData("bit_width:\n", "c.yaml:1 bit_width: an empty value is not valid; valid: 2, 4, 8")]
    [InlineData("bit_width: [4]\n", "c.yaml:1 bit_width: a list is not valid; valid: 2, 4, 8")]
    [InlineData("group-size: 64\n", "c.yaml:1 group-size: unknown name; the nearest valid name is group_size")]
    [InlineData("# one\n\ngroup_sise: 64\n", "c.yaml:3 group_sise: unknown name; the nearest valid name is group_size")]
    [InlineData("exclude_layers: a\n",
        "c.yaml:1 exclude_layers: a is not valid; valid: a list of regular expressions, such as [\"a\", \"b\"]")]
    [InlineData("- 1\n", "c.yaml:1: lines of NAME: VALUE are expected, such as bit_width: 4")]
    [InlineData("just words\n", "c.yaml:1: lines of NAME: VALUE are expected, such as bit_width: 4")]
    [InlineData("bit_width: 4\n---\nbit_width: 8\n", "c.yaml:3: a second document; one is expected")]
    public void Read_Document_ReportsExactly(string text, params string[] expected) => Assert.Equal(expected, Read(text).Errors);

    [Theory]
    [InlineData("bit_width: 4\nbit_width: 8\n", "c.yaml:2: not understood as YAML: ")]
    [InlineData("bit_width: \"4\n", "not understood as YAML: ")]
    [InlineData("a: b: c\n", "c.yaml:1: not understood as YAML: ")]
    [InlineData("bit_width: *nowhere\n", "*nowhere stands for another value; write the value itself")]
    [InlineData("layer_bit_widths: {a: 4, a: 8}\n", "not understood as YAML: ")]
    public void Read_Malformed_IsOneErrorWithItsLine(string text, string expected) =>
        Assert.Contains(expected, Assert.Single(Read(text).Errors), StringComparison.Ordinal);

    [Fact]
    public void Read_DeepNesting_IsRefusedBeforeItRecurses() =>
        Assert.Equal("c.yaml:1: nested too deeply for a configuration", Assert.Single(Read("a: " + new string('[', 50_000)).Errors));

    [Fact]
    public void Read_ListsAndWidths_KeepTheirOrder()
    {
        (DiffusionQuantConfig config, List<string> errors) = Read(
            "exclude_layers:\n  - b\n  - a\nlayer_bit_widths:\n  z.*: 8\n  a=b: 16\nsensitive_layer_names: []\n");
        Assert.Empty(errors);
        Assert.Equal(["b", "a"], config.ExcludeLayers);
        Assert.Equal([new("z.*", 8), new("a=b", 16)], config.LayerBitWidths);
    }

    [Fact]
    public void Write_Defaults_ExplainsEverySetting()
    {
        string text = YamlConfigurationWriter.Write(new());
        Assert.All(ConfigurationSettings.All, setting =>
            Assert.Contains($"\n# {setting.Meaning}.\n# Valid: {setting.Valid}. Default: ", text, StringComparison.Ordinal));
        Assert.Contains("\nbit_width: 4\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
    }

    [Fact]
    public void ReadFile_MissingFile_NamesIt()
    {
        List<string> errors = [];
        Assert.Empty(YamlConfigurationReader.ReadFile("no-such-file.yaml", errors));
        Assert.Equal(["--config: no-such-file.yaml does not exist; a YAML file is expected"], errors);
    }

    [Fact]
    public void ReadFile_NotUtf8_SaysWhere()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [(byte)'a', 0xFF]);
            List<string> errors = [];
            YamlConfigurationReader.ReadFile(path, errors);
            Assert.Equal([$"{path}: not UTF-8 text (byte 1)"], errors);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (DiffusionQuantConfig Config, List<string> Errors) Read(string text)
    {
        List<string> errors = [];
        IReadOnlyList<ConfigurationValue> values = YamlConfigurationReader.Read(text, "c.yaml", errors);
        return (ConfigurationMerge.Merge([values], errors).Config, errors);
    }
}
