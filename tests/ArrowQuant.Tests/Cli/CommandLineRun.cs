using System.Text.Json;
using ArrowQuant.Cli;
using ArrowQuant.Cli.Rendering;

namespace ArrowQuant.Tests.Cli;

/// <summary>One command line run in process: its exit code and what it printed.</summary>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Standard output as one JSON document.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static Task<CommandLineRun> OfAsync(FakeService service, params string[] args) => OfAsync(service, [], default, args);

    public static async Task<CommandLineRun> OfAsync(
        FakeService service, Dictionary<string, string> environment, CancellationToken cancellationToken, params string[] args)
    {
        StringWriter output = new();
        StringWriter error = new();
        CommandLineHost host = new()
        {
            Output = output,
            Error = error,
            Environment = environment,
            OutputTraits = TerminalTraits.Plain,
            ErrorTraits = TerminalTraits.Plain,
            Clock = new FakeClock(),
            CreateService = (logger, kernels) =>
            {
                service.Logger = logger;
                service.Kernels = kernels;
                return service;
            },
        };
        int exitCode = await CommandLineApp.RunAsync(args, host, cancellationToken);
        return new(exitCode, output.ToString(), error.ToString());
    }
}
