using System.Diagnostics;
using ArrowQuant.Acceptance.CommandLine;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Errors;
using ArrowQuant.Pipeline;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>What surrounds a run fails: the disk, the source, another run, a signal at any moment.</summary>
public sealed class FaultyEnvironmentTests(TestModels models) : IDisposable
{
    private const int Layers = 8;

    private readonly BadInputFolder _folder = new();

    /// <summary>
    /// Purpose: a full disk ends a run cleanly. Input: a process that may write 256 KiB to a file, at an empty output and with --force over
    /// an artefact. Expected: exit code 5, one line; the output is what it was, nothing lies beside it.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Quantize_DiskFull_LeavesWhatWasThere(bool force)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits are set by a POSIX shell");
        if (force) Assert.Equal(0, (await _folder.QuantizeAsync(models.Gaussian(ModelForm.Safetensors))).ExitCode);
        string[] before = FolderState.Of(_folder.Around);
        string[] more = force ? ["--force"] : [];
        using Process process = Tool.StartLimited(
            256, ["quantize", Model(), "-o", _folder.Output, "--bit-width", "4", "--quiet", "--threads", "1", .. more]);
        ToolRun run = await Tool.FinishAsync(process);

        Assert.Equal(5, run.ExitCode);
        Assert.Contains("cannot be written", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.Equal(before, FolderState.Of(_folder.Around));
    }

    /// <summary>
    /// Purpose: one writer at a time. Input: a second process with the same output while the first one writes. Expected: the second exits
    /// with 5 and says that another run holds the output; the first one publishes.
    /// </summary>
    [Fact]
    public async Task Quantize_TwoProcessesOneOutput_OneWins()
    {
        using Process first = Start();
        Task<ToolRun> ended = Tool.FinishAsync(first);
        while (Directory.GetDirectories(_folder.Around).Length == 0 && !first.HasExited)
            await Task.Delay(2, TestContext.Current.CancellationToken);
        ToolRun second = await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", _folder.Output, "--quiet"]);

        Assert.Equal(5, second.ExitCode);
        Assert.Contains("is locked by another run", Assert.Single(second.Errors), StringComparison.Ordinal);
        Assert.Equal(0, (await ended).ExitCode);
        Assert.Equal([_folder.Output], Directory.GetFileSystemEntries(_folder.Around));
        Assert.Equal(0, (await Tool.RunAsync(["validate", Model(), _folder.Output])).ExitCode);
    }

    /// <summary>
    /// Purpose: a signal at any moment leaves nothing or everything. Input: SIGINT or SIGTERM so many milliseconds after the start.
    /// Expected: the signal's exit code and an empty folder, or exit code 0 and a whole artefact; the source is as it was.
    /// </summary>
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Quantize_SignalAtAnyMoment_LeavesNothingOrEverything(string signal, int exitCode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX signals");
        string source = FolderState.HashOf(Path.Combine(Model(), "model.safetensors"));
        int stopped = 0;
        foreach (int delay in (int[])[20, 80, 160, 250, 350, 500, 800])
        {
            using Process process = Start();
            Task<ToolRun> ended = Tool.FinishAsync(process);
            await Task.Delay(delay, TestContext.Current.CancellationToken);
            using Process kill = Process.Start("kill", ["-s", signal, $"{process.Id}"]);
            ToolRun run = await ended;
            if (run.ExitCode == 0)
            {
                Assert.Equal([_folder.Output], Directory.GetFileSystemEntries(_folder.Around));
                Directory.Delete(_folder.Output, recursive: true);
                continue;
            }

            Assert.Equal(exitCode, run.ExitCode);
            Assert.Empty(Directory.GetFileSystemEntries(_folder.Around));
            stopped++;
        }

        Assert.True(stopped > 0, "no run was met by its signal");
        Assert.Equal(source, FolderState.HashOf(Path.Combine(Model(), "model.safetensors")));
    }

    /// <summary>
    /// Purpose: a source that changes under a run is noticed. Input: the model's file is cut in half, or written to, when the first layer
    /// is done. Expected: an error that names the file and what happened; nothing is published, nothing is left.
    /// </summary>
    [Theory]
    [InlineData(true, "it is truncated")]
    [InlineData(false, "was changed while it was read")]
    public async Task Quantize_SourceChangesWhileReading_IsAnError(bool cut, string message)
    {
        string file = _folder.Write("model/model.safetensors", File.ReadAllBytes(Path.Combine(Model(), "model.safetensors")));
        var progress = new Once(() =>
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            if (cut)
            {
                stream.SetLength(stream.Length / 2);
            }
            else
            {
                stream.Position = stream.Length - 4;
                stream.Write([1, 2, 3, 4]);
            }
        });
        ModelFormatException error = await Assert.ThrowsAsync<ModelFormatException>(() => new DiffusionQuantizer().QuantizeAsync(
            Path.GetDirectoryName(file)!, _folder.Output, new() { NumThreads = 1 }, progress, TestContext.Current.CancellationToken));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(file, error.FilePath);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Around));
    }

    /// <summary>
    /// Purpose: a folder that cannot be written to. Input: an output in a file system that holds no folders of ours. Expected: exit code 5
    /// and one line that names the output.
    /// </summary>
    [Fact]
    public async Task Quantize_UnwritableFolder_IsOneClearLine()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a file system that even root cannot write to");
        _folder.AssertOneLine(
            await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", "/proc/out", "--quiet"]),
            5, "/proc/out", "cannot be written");
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private Process Start() => Tool.Start("quantize", Model(), "-o", _folder.Output, "--bit-width", "4", "--threads", "1", "--quiet");

    private string Model() => models.Once("layers", folder =>
    {
        float[] values = SyntheticModels.Values(WeightDistribution.Gaussian, 1 << 20, 92);
        Directory.CreateDirectory(folder);
        WeightFileWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            Enumerable.Range(0, Layers).ToDictionary(i => $"blocks.{i}.proj.weight", _ => (new long[] { 1024, 1024 }, values)),
            new Dictionary<string, string> { ["modality"] = "image" });
        return folder;
    });

    private sealed class Once(Action act) : IProgress<QuantizationProgress>
    {
        private bool _done;

        public void Report(QuantizationProgress value)
        {
            if (_done || value.LayersDone == 0) return;
            _done = true;
            act();
        }
    }
}
