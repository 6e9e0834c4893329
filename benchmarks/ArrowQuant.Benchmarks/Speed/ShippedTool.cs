using System.Diagnostics;
using System.Runtime.InteropServices;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>The tool as its packages have it: compiled ahead for this platform.</summary>
internal static class ShippedTool
{
    /// <summary>Publishes the tool into a folder and returns the path of its assembly.</summary>
    /// <exception cref="InvalidOperationException">It does not build.</exception>
    public static string PublishTo(string folder)
    {
        string[] args =
        [
            "publish", Path.Combine(RepositoryPaths.Root, "src", "ArrowQuant.Cli"), "-c", "Release", "-p:ReadyToRun=true",
            "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "false", "-o", folder, "-v", "q",
        ];
        using Process build = Process.Start(new ProcessStartInfo("dotnet", args) { RedirectStandardOutput = true })!;
        string output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        return build.ExitCode == 0
            ? Path.Combine(folder, "ArrowQuant.Cli.dll")
            : throw new InvalidOperationException($"the tool cannot be published: {output}");
    }
}
