using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>Arguments, environment and outputs that cannot be. Expected of each: the right exit code, clear lines, nothing lost.</summary>
public sealed class BadUsageTests(TestModels models) : IDisposable
{
    private readonly BadInputFolder _folder = new();

    /// <summary>Wrong flags and values: exit code 2, the flag, the value, and what is valid or nearest.</summary>
    [Theory]
    [InlineData("--bit-witdh", "4", "--bit-witdh", "--bit-width")]
    [InlineData("--bit-width", "3", "--bit-width", "3", "2, 4, 8")]
    [InlineData("--bit-width", "four", "--bit-width", "four")]
    [InlineData("--group-size", "100", "--group-size", "100", "32, 64, 128, 256")]
    [InlineData("--min-accuracy", "nan", "--min-accuracy", "NaN")]
    [InlineData("--min-accuracy", "1.2", "--min-accuracy", "1.2")]
    [InlineData("--max-memory", "4 potatoes", "--max-memory", "4 potatoes")]
    [InlineData("--threads", "-1", "--threads", "-1")]
    [InlineData("--bits", "x=5", "--bits", "5")]
    [InlineData("--include", "(", "--include", "(")]
    [InlineData("--profile", "egde", "--profile", "egde", "edge")]
    [InlineData("--fallback-scope", "row", "--fallback-scope", "row", "layer")]
    public async Task Quantize_WrongFlag_IsOneClearLine(string flag, string value, params string[] parts)
    {
        ToolRun run = await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", _folder.Output, flag, value]);
        _folder.AssertOneLine(run, 2, parts);
    }

    /// <summary>
    /// Several errors at once, of flags, environment and file. Expected: exit code 2 and one line for each, with its origin.
    /// </summary>
    [Fact]
    public async Task Quantize_SeveralErrors_AreAllToldAtOnce()
    {
        string yaml = _folder.Write("config.yaml", "bit_width: 4\ngroup_size: 7\n"u8);
        ToolRun run = await Tool.RunAsync(
            ["quantize", "nowhere", "-o", _folder.Output, "--config", yaml, "--min-accuracy", "2"],
            new Dictionary<string, string> { ["ARROW_QUANT_NUM_TIME_GROUPS"] = "1000" });

        Assert.Equal(2, run.ExitCode);
        Assert.Equal(3, run.Errors.Count);
        Assert.Single(run.Errors, line => line.Contains("config.yaml:2 group_size", StringComparison.Ordinal) && line.Contains('7'));
        Assert.Single(run.Errors, line => line.StartsWith("ARROW_QUANT_NUM_TIME_GROUPS: 1000", StringComparison.Ordinal));
        Assert.Single(run.Errors, line => line.Contains("--min-accuracy", StringComparison.Ordinal) && line.Contains('2'));
        Assert.DoesNotContain("nowhere", run.Error, StringComparison.Ordinal);
    }

    /// <summary>An unknown kernel set in the environment: exit code 2 and the names that exist.</summary>
    [Fact]
    public async Task Quantize_UnknownKernels_AreRefused()
    {
        ToolRun run = await Tool.RunAsync(
            ["quantize", models.Gaussian(ModelForm.Safetensors), "-o", _folder.Output],
            new Dictionary<string, string> { ["ARROW_QUANT_KERNELS"] = "v1024" });
        _folder.AssertOneLine(run, 2, "ARROW_QUANT_KERNELS", "v1024", "scalar, v128, v256, v512");
    }

    /// <summary>No command, an unknown one, no model, no output.</summary>
    [Theory]
    [InlineData("a command is expected", new string[0])]
    [InlineData("quantise", new[] { "quantise", "model" })]
    [InlineData("MODEL", new[] { "quantize", "-o", "out" })]
    [InlineData("--output", new[] { "quantize", "model" })]
    public async Task Tool_IncompleteCommand_SaysWhatIsMissing(string part, string[] arguments) =>
        _folder.AssertOneLine(await Tool.RunAsync(arguments), 2, part);

    /// <summary>An output that exists: exit code 5 without --force, and what is no artefact is not replaced even with it.</summary>
    [Fact]
    public async Task Quantize_OutputExists_IsNeverLost()
    {
        string model = models.Gaussian(ModelForm.Safetensors);
        string output = _folder.Output;
        Assert.Equal(0, (await _folder.QuantizeAsync(model)).ExitCode);
        string[] before = FolderState.Of(_folder.Around);

        ToolRun refused = await _folder.QuantizeAsync(model, "--bit-width", "8");
        Assert.Equal(5, refused.ExitCode);
        string line = Assert.Single(refused.Errors);
        Assert.All((string[])[output, "exists already", "--force"], part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.Equal(before, FolderState.Of(_folder.Around));

        Assert.Equal(0, (await _folder.QuantizeAsync(model, "--bit-width", "8", "--force")).ExitCode);
        Assert.NotEqual(before, FolderState.Of(_folder.Around));
        Assert.Equal([output], Directory.GetFileSystemEntries(_folder.Around));

        string foreign = Directory.CreateDirectory(Path.Combine(_folder.Inputs, "foreign")).FullName;
        File.WriteAllText(Path.Combine(foreign, "thesis.txt"), "irreplaceable");
        ToolRun kept = await Tool.RunAsync(["quantize", model, "-o", foreign, "--force", "--quiet"]);
        Assert.Equal(5, kept.ExitCode);
        Assert.Contains("not an ArrowQuant artefact", Assert.Single(kept.Errors), StringComparison.Ordinal);
        Assert.Equal(["thesis.txt"], Directory.GetFileSystemEntries(foreign).Select(Path.GetFileName));
    }

    /// <summary>An output whose parent is a file, and one that is a file: exit code 5.</summary>
    [Theory]
    [InlineData("taken/out", "taken")]
    [InlineData("taken", "taken")]
    public async Task Quantize_OutputCannotBeWritten_IsOneClearLine(string output, string part)
    {
        string file = _folder.Write("taken", "a file"u8);
        ToolRun run = await Tool.RunAsync(
            ["quantize", models.Gaussian(ModelForm.Safetensors), "-o", Path.Combine(_folder.Inputs, output), "--quiet"]);
        _folder.AssertOneLine(run, 5, part);
        Assert.Equal("a file", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFileSystemEntries(_folder.Inputs));
    }

    /// <summary>An output that is the model, holds it, or lies in it: exit code 2, and the model is as it was.</summary>
    [Theory]
    [InlineData("model")]
    [InlineData(".")]
    [InlineData("model/out")]
    public async Task Quantize_OutputMeetsTheModel_IsRefused(string output)
    {
        string model = SyntheticModels.Write(Path.Combine(_folder.Inputs, "model"), WeightDistribution.Gaussian, 81);
        string[] before = FolderState.Of(_folder.Inputs);
        ToolRun run = await Tool.RunAsync(["quantize", model, "-o", Path.Combine(_folder.Inputs, output), "--force"]);
        _folder.AssertOneLine(run, 2, "the output", "never written to");
        Assert.Equal(before, FolderState.Of(_folder.Inputs));
    }

    /// <summary>A memory bound that is too small: exit code 5 naming what needs more.</summary>
    [Fact]
    public async Task Quantize_MemoryBoundTooSmall_IsOneClearLine() => _folder.AssertOneLine(
        await _folder.QuantizeAsync(models.Dit(ModelForm.Safetensors), "--max-memory", "1MiB", "--threads", "4"),
        5, "max_memory_mb", "block buffers", "--max-memory");

    /// <summary>
    /// Quality through the command line. Input: 8 bits, 0.999999. Expected: exit code 4, "all attempts failed", each attempt on a line.
    /// </summary>
    [Fact]
    public async Task Quantize_AllWidthsFail_ExitsWith4()
    {
        ToolRun run = await _folder.QuantizeAsync(models.Dit(ModelForm.Safetensors), "--bit-width", "8", "--min-accuracy", "0.999999");
        Assert.Equal(4, run.ExitCode);
        Assert.Contains("all attempts failed", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
