using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Privacy;

/// <summary>The tool opens no network connection: in a whole run it loads no code that could, and holds no socket.</summary>
public sealed partial class NoNetworkTests
{
    private static readonly string[] NetworkAssemblies = ["System.Net.", "System.ServiceModel", "Grpc", "Microsoft.ApplicationInsights"];

    [Theory]
    [InlineData("quantize")]
    [InlineData("validate")]
    [InlineData("inspect")]
    public async Task Run_Whole_LoadsNoNetworkAssembly(string command)
    {
        using TempFolder folder = new();
        string trace = folder.PathOf("run.nettrace");
        string model = SyntheticModels.Write(folder.PathOf("model"), WeightDistribution.Gaussian, 1);
        if (command == "validate") Assert.Equal(0, (await Tool.RunAsync(["quantize", model, "-o", folder.PathOf("out")])).ExitCode);
        string[] arguments = command switch
        {
            "quantize" => [command, model, "-o", folder.PathOf("out")],
            "validate" => [command, model, folder.PathOf("out")],
            _ => [command, model],
        };

        // The runtime itself writes down every assembly that it loads.
        using Process process = Tool.StartWith(
            new Dictionary<string, string>
            {
                ["DOTNET_EnableEventPipe"] = "1",
                ["DOTNET_EventPipeOutputPath"] = trace,
                ["DOTNET_EventPipeConfig"] = "Microsoft-Windows-DotNETRuntime:0x8:4",
            },
            arguments);
        ToolRun run = await Tool.FinishAsync(process);

        Assert.True(run.ExitCode == 0, run.Error);
        HashSet<string> loaded = LoadedAssemblies(await File.ReadAllBytesAsync(trace, TestContext.Current.CancellationToken));
        Assert.Contains("ArrowQuant.Cli", loaded);
        Assert.Contains("System.CommandLine", loaded);
        Assert.True(command == "inspect" || loaded.Contains("ParquetSharp"), string.Join(' ', loaded));
        Assert.DoesNotContain(loaded, name => NetworkAssemblies.Any(part => name.StartsWith(part, StringComparison.Ordinal)));
    }

    [Fact]
    public void LoadedAssemblies_TraceThatNamesSockets_FindsThem() => Assert.Equal(
        ["A.B", "System.Net.Sockets"],
        LoadedAssemblies([7, .. Encoding.Unicode.GetBytes("x System.Net.Sockets, Version=10.0.0.0 A.B, Version=1.0")]).Order());

    [Fact]
    public async Task Run_Whole_HoldsNoSocket()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self/fd"), "open files of a process can be listed on Linux only");
        using TempFolder folder = new();
        string model = SyntheticModels.Write(folder.PathOf("model"), WeightDistribution.Gaussian, 1);

        // Without this the runtime itself listens for debuggers.
        using Process process = Tool.StartWith(
            new Dictionary<string, string> { ["DOTNET_EnableDiagnostics"] = "0" }, "quantize", model, "-o", folder.PathOf("out"));
        Task<ToolRun> finish = Tool.FinishAsync(process);
        HashSet<string> seen = new(StringComparer.Ordinal);
        while (!finish.IsCompleted) seen.UnionWith(OpenFiles(process.Id));
        ToolRun run = await finish;

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains(seen, file => file.StartsWith(folder.FullName, StringComparison.Ordinal));
        Assert.DoesNotContain(seen, file => file.StartsWith("socket:", StringComparison.Ordinal));
    }

    // Names lie in the trace as UTF-16, at even or odd places.
    private static HashSet<string> LoadedAssemblies(byte[] trace) =>
    [
        .. new[] { 0, 1 }.SelectMany(start => AssemblyName().Matches(Encoding.Unicode.GetString(trace, start, trace.Length - start)))
            .Select(match => match.Groups["name"].Value),
    ];

    private static List<string> OpenFiles(int process)
    {
        List<string> files = [];
        try
        {
            foreach (string link in Directory.EnumerateFileSystemEntries($"/proc/{process}/fd"))
            {
                if (new FileInfo(link).LinkTarget is { } target) files.Add(target);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Files are closed and the process ends while the list is read.
        }

        return files;
    }

    [GeneratedRegex(@"(?<name>[A-Za-z][A-Za-z0-9_.]+), Version=\d")]
    private static partial Regex AssemblyName();
}
