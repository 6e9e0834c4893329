using System.Diagnostics;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>Whatever ends a run with <c>--force</c>, the artefact that was there stays, or the new one is whole.</summary>
public sealed class ForcedRunTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Around => _folder.CreateFolder("work");

    private string Output => Path.Combine(Around, "out");

    private string Small => SyntheticModels.Write(_folder.PathOf("model"), WeightDistribution.Gaussian, 5);

    /// <summary>
    /// Purpose: a memory bound that proves too small while layers are being quantized. Input: a bound that the block buffers and the first
    /// layers fit below, and the Hessian of a later one does not. Expected: exit code 5, one line that names the bound and the layer;
    /// the artefact is as it
    /// was, nothing lies beside it.
    /// </summary>
    [Fact]
    public async Task Quantize_MemoryBoundTooSmallForALaterLayer_KeepsTheArtefact()
    {
        string model = RepositoryPaths.Sample("dit-digits");
        string[] before = await QuantizeAsync(model);
        ToolRun run = await Tool.RunAsync(
            ["quantize", model, "-o", Output, "--force", "--bit-width", "4", "--quiet", "--threads", "1", "--max-memory", "4MiB"]);
        Assert.Equal(5, run.ExitCode);
        string line = Assert.Single(run.Errors);
        Assert.Contains("(max_memory_mb) is too small", line, StringComparison.Ordinal);
        Assert.Contains("the Hessian of blocks.", line, StringComparison.Ordinal);
        Assert.Equal(before, FolderState.Of(Around));
    }

    /// <summary>
    /// Purpose: a signal while the new artefact is being published. Input: SIGINT or SIGTERM at the moment that metadata.json, the last
    /// file, is seen in the staging folder, and at moments before. Expected: the signal's exit code and the old artefact, or exit code
    /// 0 and
    /// the new one, whole; nothing lies beside it.
    /// </summary>
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Quantize_SignalWhilePublishing_LeavesTheOldOrTheNew(string signal, int exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX signals");
        string model = Small;
        string[] before = await QuantizeAsync(model);
        string[] moments = ["model-00001-of-00001.parquet", "report.json", "metadata.json"];
        int stopped = 0;
        foreach (string moment in moments)
        {
            using Process process = Tool.Start("quantize", model, "-o", Output, "--force", "--bit-width", "4", "--quiet");
            Task<ToolRun> ended = Tool.FinishAsync(process);
            while (!process.HasExited
                && !Directory.GetDirectories(Around, "out.partial-*").Any(folder => File.Exists(Path.Combine(folder, moment))))
                await Task.Yield();
            using (Process kill = Process.Start("kill", ["-s", signal, $"{process.Id}"])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            ToolRun run = await ended;
            Assert.Equal([Output], Directory.GetFileSystemEntries(Around));
            if (run.ExitCode == 0)
            {
                Assert.Equal(0, (await Tool.RunAsync(["validate", model, Output])).ExitCode);
                Directory.Delete(Output, recursive: true);
                before = await QuantizeAsync(model);
                continue;
            }

            Assert.Equal(exitCode, run.ExitCode);
            Assert.Equal(before, FolderState.Of(Around));
            stopped++;
        }

        Assert.True(stopped > 0, "no run was met by its signal");
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private async Task<string[]> QuantizeAsync(string model)
    {
        ToolRun run = await Tool.RunAsync(["quantize", model, "-o", Output, "--bit-width", "8", "--calibration", "none", "--quiet"]);
        Assert.Equal(0, run.ExitCode);
        return FolderState.Of(Around);
    }
}
