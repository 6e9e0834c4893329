using System.Text.RegularExpressions;
using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Cli.Commands;

public sealed partial class HelpTests
{
    // The options of the contract.
    private const string ContractOptions =
        "--bit-width --modality --num-time-groups --time-partition --group-size --[no-]time-aware --[no-]spatial --min-accuracy "
        + "--calibration --calibration-samples --profile --fail-fast --fallback-scope --keep-min-accuracy --accuracy-metric "
        + "--min-layer-accuracy --[no-]skip-sensitive --include --exclude --bits --variant --compression --threads --max-memory "
        + "--hessian-block --config "
        + "--allow-requantize --sha256 --dry-run --resume --reuse --force --json --quiet --verbose --help --version --output";

    // What the contract asks for with "each configuration name has its flag".
    private const string FurtherOptions =
        "--recipe --edge-layers --[no-]minimax-time-weighting --calibrate-onnx --calibration-output --layout --rotation --rotation-seed "
        + "--sensitive-layer-names --sensitive-layer-patterns --[no-]streaming";

    private readonly FakeService _service = new();

    [Fact]
    public async Task Help_Quantize_ListsExactlyTheOptionsOfTheContract()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "quantize", "--help");
        Assert.Equal(0, run.ExitCode);
        IEnumerable<string> listed = OptionLine().Matches(run.Output)
            .Select(match => match.Groups[1].Value.Replace("[no-]", "", StringComparison.Ordinal));
        Assert.Equal(
            $"{ContractOptions} {FurtherOptions}".Replace("[no-]", "", StringComparison.Ordinal).Split(' ').Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Help_Quantize_ExplainsEverySettingAndFitsItsWidth()
    {
        string text = (await CommandLineRun.OfAsync(_service, "quantize", "-h")).Output;
        string unwrapped = Blanks().Replace(text, " ");
        Assert.All(ConfigurationSettings.All, setting => Assert.Contains(setting.Meaning, unwrapped, StringComparison.Ordinal));
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, 125));
        Assert.DoesNotContain('\u00a0', text);
    }

    [Theory]
    [InlineData("quantize", "Usage: arrowquant quantize MODEL -o DIR [options]")]
    [InlineData("validate", "Usage: arrowquant validate [ORIGINAL] QUANTIZED [options]")]
    [InlineData("inspect", "Usage: arrowquant inspect MODEL [options]")]
    [InlineData("report", "Usage: arrowquant report DIR -o FILE [options]")]
    [InlineData("export", "Usage: arrowquant export ARTEFACT --format gguf|safetensors|onnx -o DIR [options]")]
    [InlineData("config show", "Usage: arrowquant config show [options]")]
    [InlineData("config init", "Usage: arrowquant config init [-o FILE] [options]")]
    [InlineData("config", "Usage: arrowquant config <command> [options]")]
    [InlineData("", "Usage: arrowquant <command> [options]")]
    public async Task Help_EveryCommand_GoesToStandardOutput(string command, string usage)
    {
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        CommandLineRun run = await CommandLineRun.OfAsync(_service, [.. words, "--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains($"\n{usage}\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_Root_NamesEveryCommandAndExitCode()
    {
        string text = (await CommandLineRun.OfAsync(_service, "--help")).Output;
        string[] commands = ["quantize", "validate", "inspect", "report", "config show", "config init"];
        string[] codes = ["0 done", "1 a defect", "2 usage", "3 model", "4 quality", "5 disk", "130 SIGINT", "143 SIGTERM"];
        Assert.All(commands, name => Assert.Contains($"\n  {name} ", text, StringComparison.Ordinal));
        Assert.All(codes, code => Assert.Contains(code, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Version_Asked_IsPrinted()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "--version");
        Assert.Equal(0, run.ExitCode);
        Assert.Matches(@"^arrowquant \d+\.\d+\.\d+\n$", run.Output);
    }

    [GeneratedRegex(@"^  (?:-\w, )?(--[\w\[\]-]+)", RegexOptions.Multiline)]
    private static partial Regex OptionLine();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
