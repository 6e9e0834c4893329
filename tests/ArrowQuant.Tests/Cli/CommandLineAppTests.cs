using ArrowQuant.Cli;

namespace ArrowQuant.Tests.Cli;

public sealed class CommandLineAppTests
{
    [Fact]
    public async Task RunAsync_PublicEntry_PrintsPlainTextToOtherWriters()
    {
        using StringWriter output = new();
        using StringWriter error = new();
        Dictionary<string, string> environment = new() { ["ARROW_QUANT_GROUP_SIZE"] = "64" };
        int exitCode = await CommandLineApp.RunAsync(["config", "show"], output, error, environment, TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (exitCode, error.ToString()));
        Assert.Matches(@"group_size +64 +ARROW_QUANT_GROUP_SIZE", output.ToString());
        Assert.DoesNotContain('\u001b', output.ToString());
    }

    [Fact]
    public void ProcessEnvironment_OfThisProcess_HasThePath() => Assert.True(CommandLineApp.ProcessEnvironment().ContainsKey("PATH"));

    [Fact]
    public void ExitCodeFor_WithoutASignal_IsTheResult()
    {
        using TerminationSignals signals = new();
        Assert.Equal((0, 130), (signals.ExitCodeFor(0), signals.ExitCodeFor(130)));
        Assert.False(signals.Token.IsCancellationRequested);
    }
}
