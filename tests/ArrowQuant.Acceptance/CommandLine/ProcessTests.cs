using System.Diagnostics;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>The built tool as a process of its own: exit codes and signals.</summary>
public sealed class ProcessTests(TestModels models) : IDisposable
{
    private readonly BadInputFolder _folder = new();

    /// <summary>
    /// Purpose: the tool works as a program. Input: llada-kjv with --json --quiet. Expected: exit code 0, one result document and nothing
    /// else on standard output, the same as report.json; validate agrees.
    /// </summary>
    [Fact]
    public async Task Tool_Quantize_PrintsTheResultAndExitsWith0()
    {
        string model = models.Llada(ModelForm.Safetensors);
        ToolRun run = await Tool.RunProcessAsync("quantize", model, "-o", _folder.Output, "--calibration", "none", "--json", "--quiet");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(File.ReadAllText(Path.Combine(_folder.Output, "report.json")), run.Output);
        Assert.Equal(("text", 4), (ReportJson.Deserialize(run.Output).Modality, ReportJson.Deserialize(run.Output).BitWidth));

        ToolRun valid = await Tool.RunProcessAsync("validate", model, _folder.Output);
        Assert.Equal((0, ""), (valid.ExitCode, valid.Error));
        ToolRun strict = await Tool.RunProcessAsync("validate", model, _folder.Output, "--min-accuracy", "0.9999");
        Assert.Equal(4, strict.ExitCode);
        Assert.Contains("0.9999", Assert.Single(strict.Errors), StringComparison.Ordinal);
    }

    /// <summary>
    /// Purpose: a run that is stopped leaves nothing. Input: a model of 64 MB, stopped as soon as its staging folder is there. Expected:
    /// exit code 130 for SIGINT and 143 for SIGTERM, one line, nothing at the output path and nothing beside it.
    /// </summary>
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Tool_Stopped_LeavesNothing(string signal, int exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX signals");
        using Process process = StartLongRun();
        Task<ToolRun> ended = Tool.FinishAsync(process);
        await WaitForStagingAsync(process, foldersBefore: 0);
        await SignalAsync(process, signal);
        ToolRun run = await ended;

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains("nothing was published", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Around));
    }

    /// <summary>
    /// Purpose: a stopped run never touches what it would have replaced. Input: an artefact, then a run with --force that is stopped.
    /// Expected: every byte as before.
    /// </summary>
    [Fact]
    public async Task Tool_StoppedOverAnArtefact_LeavesItUntouched()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX signals");
        Assert.Equal(0, (await _folder.QuantizeAsync(models.Gaussian(ModelForm.Safetensors))).ExitCode);
        string[] before = FolderState.Of(_folder.Around);
        using Process process = StartLongRun("--force");
        Task<ToolRun> ended = Tool.FinishAsync(process);
        await WaitForStagingAsync(process, foldersBefore: 1);
        await SignalAsync(process, "TERM");

        Assert.Equal(143, (await ended).ExitCode);
        Assert.Equal(before, FolderState.Of(_folder.Around));
    }

    /// <summary>
    /// Purpose: a run that was killed outright leaves nothing that stays. Input: a run ended by SIGKILL, then another to the same output.
    /// Expected: nothing at the output path after the kill; the next run clears what the killed one left beside it and succeeds.
    /// </summary>
    [Fact]
    public async Task Tool_Killed_IsClearedUpByTheNextRun()
    {
        using (Process process = StartLongRun())
        {
            Task<ToolRun> ended = Tool.FinishAsync(process);
            await WaitForStagingAsync(process, foldersBefore: 0);
            process.Kill();
            await ended;
        }

        Assert.False(Directory.Exists(_folder.Output));
        Assert.NotEmpty(Directory.GetFileSystemEntries(_folder.Around));
        Assert.Equal(0, (await _folder.QuantizeAsync(models.Gaussian(ModelForm.Safetensors))).ExitCode);
        Assert.Equal([_folder.Output], Directory.GetFileSystemEntries(_folder.Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private Process StartLongRun(params string[] more) => Tool.Start(
        ["quantize", LargeModel(), "-o", _folder.Output, "--bit-width", "2", "--min-accuracy", "0.5", "--threads", "1", .. more]);

    private async Task WaitForStagingAsync(Process process, int foldersBefore)
    {
        while (Directory.GetDirectories(_folder.Around).Length == foldersBefore && !process.HasExited)
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    // Sixteen layers of a million weights: long enough on one thread to be met by a signal.
    private string LargeModel() => models.Once("large", folder =>
    {
        float[] values = SyntheticModels.Values(WeightDistribution.Gaussian, 1 << 20, 91);
        Directory.CreateDirectory(folder);
        WeightFileWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            Enumerable.Range(0, 16).ToDictionary(i => $"blocks.{i}.proj.weight", _ => (new long[] { 1024, 1024 }, values)),
            new Dictionary<string, string> { ["modality"] = "image" });
        return folder;
    });
}
