using System.Diagnostics;
using ArrowQuant.Cli;

namespace ArrowQuant.Acceptance.Support;

/// <summary>The command line, in this process or in one of its own.</summary>
public static class Tool
{
    private static readonly IReadOnlyDictionary<string, string> NoEnvironment = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Runs a command line in this process, with no environment variables but those given.</summary>
    public static async Task<ToolRun> RunAsync(string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int exitCode = await CommandLineApp.RunAsync(
            arguments, output, error, environment ?? NoEnvironment, TestContext.Current.CancellationToken);
        return new ToolRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Starts the built tool as a process of its own, streams redirected.</summary>
    public static Process Start(params string[] arguments) => StartWith(NoEnvironment, arguments);

    /// <summary>The same with more environment variables.</summary>
    public static Process StartWith(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "ArrowQuant.Cli.dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["NO_COLOR"] = "1";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Starts the built tool as a process that cannot make a file larger than this; needs a POSIX shell.</summary>
    public static Process StartLimited(int kibibytes, params string[] arguments)
    {
        ProcessStartInfo start = new("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        string tool = Path.Combine(AppContext.BaseDirectory, "ArrowQuant.Cli.dll");
        // The shell ignores the signal that comes with the limit, so that the program sees the error of the write.
        string[] command = ["-c", $"trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\"", "bash", "dotnet", tool];
        foreach (string argument in (string[])[.. command, .. arguments]) start.ArgumentList.Add(argument);
        start.Environment["NO_COLOR"] = "1";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // else the runtime itself maps a file that is larger
        return Process.Start(start)!;
    }

    /// <summary>Runs the built tool as a process of its own to its end.</summary>
    public static async Task<ToolRun> RunProcessAsync(params string[] arguments)
    {
        using Process process = Start(arguments);
        return await FinishAsync(process);
    }

    /// <summary>Waits for a started tool.</summary>
    public static async Task<ToolRun> FinishAsync(Process process)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(token);
        Task<string> error = process.StandardError.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        return new ToolRun(process.ExitCode, await output, await error);
    }
}

/// <summary>How a command line ended.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of standard error that tell errors, without their label.</summary>
    public IReadOnlyList<string> Errors =>
        [.. Error.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).Select(line => line["error: ".Length..])];
}
