namespace ArrowQuant.Tests.Cli.Commands;

public sealed class UsageTests
{
    private readonly FakeService _service = new();

    [Theory]
    [InlineData("", "a command is expected: quantize, validate, inspect, report, export, config; see arrowquant --help")]
    [InlineData("config", "a command is expected: show, init; see arrowquant config --help")]
    [InlineData("quantise m", "quantise: unknown command; the nearest valid name is quantize")]
    [InlineData("config shwo", "shwo: unknown command; the nearest valid name is show")]
    [InlineData("inspect", "MODEL is missing; usage: arrowquant inspect MODEL [options]")]
    [InlineData("inspect a b", "b: unexpected argument; usage: arrowquant inspect MODEL [options]")]
    [InlineData("inspect a --varaint fp16", "--varaint: unknown option; the nearest valid name is --variant")]
    [InlineData("inspect --varaint=fp16 a", "--varaint: unknown option; the nearest valid name is --variant")]
    [InlineData("inspect a --Json", "--Json: unknown option; the nearest valid name is --json")]
    [InlineData("quantize m -o x --bit_width 4", "--bit_width: unknown option; the nearest valid name is --bit-width")]
    [InlineData("quantize m -o x --bit-width=", "Required argument missing for option: '--bit-width'.")]
    [InlineData("quantize m -o x --bit-width 2 --bit-width 4", "Option '--bit-width' expects a single argument but 2 were provided.")]
    [InlineData("quantize m -o x --include", "Required argument missing for option: '--include'.")]
    [InlineData("quantize m -o x --quiet --verbose", "--quiet: given together with --verbose; give one of them")]
    [InlineData("validate", "QUANTIZED is missing; usage: arrowquant validate [ORIGINAL] QUANTIZED [options]")]
    [InlineData("validate a b c", "c: unexpected argument; usage: arrowquant validate [ORIGINAL] QUANTIZED [options]")]
    [InlineData("validate a b --min-accuracy NaN", "--min-accuracy: NaN is not valid; valid: 0..1")]
    [InlineData("validate a b --min-accuracy high", "--min-accuracy: high is not valid; valid: 0..1")]
    [InlineData("validate b --min-accuracy 0.5", "--min-accuracy: needs the original model as well")]
    [InlineData("validate b --calibration c", "--calibration: needs the original model as well")]
    public async Task Run_WrongUsage_Exits2WithOneLineAndDoesNothing(string line, string expected)
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, run.ExitCode);
        Assert.Equal($"error: {expected}\n", run.Error);
        Assert.Equal("", run.Output);
        Assert.Equal(0, _service.Calls);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("validate")]
    public async Task Run_UnknownKernels_Exits2(string command)
    {
        Dictionary<string, string> environment = new() { ["ARROW_QUANT_KERNELS"] = "sse" };
        CommandLineRun run = await CommandLineRun.OfAsync(_service, environment, TestContext.Current.CancellationToken, command, "m");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("ARROW_QUANT_KERNELS: sse is not a kernel set", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AfterDoubleDash_EverythingIsAnArgument()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "inspect", "--", "--odd-name");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(1, _service.Calls);
    }

    [Fact]
    public async Task Run_AtSign_IsAnOrdinaryName()
    {
        await CommandLineRun.OfAsync(_service, "quantize", "@model", "-o", "x");
        Assert.Equal("@model", _service.Quantized!.ModelPath);
    }

    [Fact]
    public async Task Run_WrongUsageWithJson_PrintsTheErrorDocument()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "inspect", "--json");
        Assert.Equal("configuration", run.Json.GetProperty("error").GetProperty("kind").GetString());
        Assert.Equal(2, run.Json.GetProperty("error").GetProperty("exit_code").GetInt32());
    }
}
