using System.Collections;
using ArrowQuant.Cli.Commands;
using ArrowQuant.Cli.Rendering;

namespace ArrowQuant.Cli;

/// <summary>The <c>arrowquant</c> command line as a function of its inputs: it touches only them and the files that they name.</summary>
public static class CommandLineApp
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments without the program's name.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="error">Where progress, warnings and errors go.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="cancellationToken">Stops the work; the exit code is then 130.</param>
    /// <returns>The exit code. No exception leaves this method.</returns>
    public static Task<int> RunAsync(
        string[] args,
        TextWriter output,
        TextWriter error,
        IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(args);
        CommandLineHost host = new()
        {
            Output = output,
            Error = error,
            Environment = environment,
            OutputTraits = TerminalTraits.Of(output, environment),
            ErrorTraits = TerminalTraits.Of(error, environment),
        };
        return RunAsync(args, host, cancellationToken);
    }

    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => entry.Value as string ?? "", StringComparer.Ordinal);

    /// <summary>Runs one command line in a host.</summary>
    internal static Task<int> RunAsync(string[] args, CommandLineHost host, CancellationToken cancellationToken) =>
        new CommandTree().RunAsync(args, host, cancellationToken);
}
