using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Cli.Commands;

public sealed class ConfigCommandTests : IDisposable
{
    private readonly FakeService _service = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Show_EveryLevel_NamesTheOriginOfEachValue()
    {
        string file = _folder.Write("c.yaml", "deployment_profile: edge\n\ngroup_size: 64\nbit_width: 4\n");
        Dictionary<string, string> environment = new() { ["ARROW_QUANT_BIT_WIDTH"] = "8", ["ARROW_QUANT_NUM_THREADS"] = "2" };
        CommandLineRun run = await CommandLineRun.OfAsync(
            _service, environment, TestContext.Current.CancellationToken, "config", "show", "--config", file,
            "--threads", "4", "--no-time-aware", "--json");
        Assert.Equal(0, run.ExitCode);
        (string Name, string Value, string Origin)[] expected =
        [
            ("group_size", "64", $"{file}:3 group_size"),
            ("bit_width", "8", "ARROW_QUANT_BIT_WIDTH"),
            ("num_threads", "4", "--threads"),
            ("enable_time_aware", "false", "--no-time-aware"),
            ("min_accuracy", "0.65", $"profile edge ({file}:1 deployment_profile)"),
            ("deployment_profile", "\"edge\"", $"{file}:1 deployment_profile"),
            ("modality", "null", "default"),
            ("exclude_layers", "[]", "default"),
        ];
        Assert.All(expected, row =>
        {
            Assert.Equal(row.Value, run.Json.GetProperty("config").GetProperty(row.Name).GetRawText());
            Assert.Equal(row.Origin, run.Json.GetProperty("origins").GetProperty(row.Name).GetString());
        });
        Assert.Equal(ConfigurationSettings.All.Count, run.Json.GetProperty("config").EnumerateObject().Count());
    }

    [Fact]
    public async Task Show_ForPeople_HasOneLineForEachSetting()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "config", "show", "--bits", "a=8");
        Assert.Contains("layer_bit_widths          a=8       --bits", run.Output, StringComparison.Ordinal);
        Assert.Equal(ConfigurationSettings.All.Count + 1, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain('\u001b', run.Output);
    }

    [Theory]
    [InlineData(new string[0], "local")]
    [InlineData(new[] { "--profile", "edge", "--exclude", "a\"b", "--max-memory", "2GiB" }, "edge")]
    public async Task Init_ThenShow_GivesTheSameConfiguration(string[] options, string profile)
    {
        string file = _folder.Of("new.yaml");
        CommandLineRun init = await CommandLineRun.OfAsync(_service, ["config", "init", "-o", file, .. options]);
        Assert.Equal((0, $"written: {file}\n", ""), (init.ExitCode, init.Output, init.Error));
        CommandLineRun direct = await CommandLineRun.OfAsync(_service, ["config", "show", "--json", .. options]);
        CommandLineRun read = await CommandLineRun.OfAsync(_service, "config", "show", "--json", "--config", file);
        Assert.Equal(direct.Json.GetProperty("config").GetRawText(), read.Json.GetProperty("config").GetRawText());
        Assert.Equal(profile, read.Json.GetProperty("config").GetProperty("deployment_profile").GetString());
        Assert.Equal([file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Init_FileExists_IsRefusedAndKept()
    {
        string file = _folder.Write("old.yaml", "mine");
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "config", "init", "-o", file);
        Assert.Equal(5, run.ExitCode);
        Assert.Equal($"error: {file} exists; name another file with -o, or overwrite it with --force\n", run.Error);
        Assert.Equal("mine", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Init_Force_Overwrites()
    {
        string file = _folder.Write("old.yaml", "mine");
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "config", "init", "-o", file, "--force", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(file, run.Json.GetProperty("path").GetString());
        Assert.Contains("bit_width: 4", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_FolderMissing_IsAResourceError()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "config", "init", "-o", _folder.Of("no/such.yaml"));
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("such.yaml cannot be written: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_InvalidValue_WritesNothing()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "config", "init", "-o", _folder.Of("x.yaml"), "--bit-width", "3");
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }
}
