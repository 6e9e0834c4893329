using System.Diagnostics;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>An export that a signal ends leaves what was there before, and nothing half written.</summary>
public sealed class InterruptedExportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Around => _folder.CreateFolder("work");

    private string Output => Path.Combine(Around, "out");

    /// <summary>
    /// Purpose: a signal while an export is written. Input: SIGINT when the first file is seen in the staging folder, without and with an
    /// earlier export at the output. Expected: exit code 130 and what was there before, or exit code 0 and the whole export; nothing lies
    /// beside it.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    public async Task Export_Signal_LeavesNothingHalfWritten(string format)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX signals");
        string artefact = await QuantizeAsync();
        string[] export = ["export", artefact, "-o", Output, "--format", format, "--quiet"];
        ToolRun first = await InterruptAsync(export);
        Assert.Equal(130, first.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(Around));

        Assert.Equal(0, (await Tool.RunAsync(export)).ExitCode);
        string[] before = FolderState.Of(Around);
        ToolRun second = await InterruptAsync([.. export, "--force"]);
        Assert.Equal(130, second.ExitCode);
        Assert.Equal(before, FolderState.Of(Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private async Task<string> QuantizeAsync()
    {
        (string, long[])[] layers = [.. Enumerable.Range(0, 8).Select(i => ($"blocks.{i}.weight", new long[] { 2048, 2048 }))];
        string model = SyntheticModels.Write(_folder.PathOf("model"), WeightDistribution.Gaussian, 1, "image", layers);
        string artefact = _folder.PathOf("artefact");
        ToolRun run = await Tool.RunAsync(["quantize", model, "-o", artefact, "--bit-width", "4", "--calibration", "none", "--quiet"]);
        Assert.Equal(0, run.ExitCode);
        return artefact;
    }

    private async Task<ToolRun> InterruptAsync(string[] arguments)
    {
        using Process process = Tool.Start(arguments);
        Task<ToolRun> ended = Tool.FinishAsync(process);
        while (!process.HasExited && !Directory.GetDirectories(Around, "out.partial-*").Any(HasFiles))
            await Task.Delay(1, TestContext.Current.CancellationToken);
        using (Process kill = Process.Start("kill", ["-s", "INT", $"{process.Id}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        return await ended;

        static bool HasFiles(string folder) => Directory.EnumerateFiles(folder).Any();
    }
}
