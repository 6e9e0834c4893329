using System.Diagnostics;
using System.Globalization;
using System.Text;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>How much memory a run takes that has a bound.</summary>
public sealed class MemoryBoundTests : IDisposable
{
    private const int Layers = 4;
    private const long Rows = 8192;
    private const long Columns = 16384;
    private const long StartUp = 64L << 20;
    private const long ExportBytes = 192L << 20;

    private readonly TempFolder _folder = new();

    /// <summary>
    /// Purpose: the bound holds whatever the size of the model. Input: a model of 1 GiB, a sparse file of zeros, at 4 bits with
    /// <c>--max-memory 256MiB</c>. Expected: exit code 0, and the process never held more than the bound and its start-up.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Quantize_ModelOfOneGiB_StaysBelowTheBound()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the peak is read from /proc");
        string model = WriteSparseModel();
        (ToolRun run, long peak) = await PeakAsync(
            "quantize", model, "-o", _folder.PathOf("out"), "--modality", "image", "--bit-width", "4", "--max-memory", "256MiB",
            "--threads", "2", "--quiet");
        Assert.Equal($"warning: gptq failed on {Layers} layers, base takes its place: no calibration data", run.Error.TrimEnd());
        Assert.InRange(peak, 1L << 20, (256L << 20) + StartUp);
    }

    /// <summary>
    /// Purpose: an export does not hold the model. Input: the artefact of that model, exported to each format that needs no graph.
    /// Expected: exit code 0, and the process never held half of a layer, which takes 512 MiB as float32.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    [InlineData("safetensors", "--packing", "compressed-tensors")]
    public async Task Export_ModelOfOneGiB_HoldsBlocks(string format, params string[] more)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the peak is read from /proc");
        string artefact = _folder.PathOf("artefact"), output = _folder.PathOf("export");
        await PeakAsync(
            "quantize", WriteSparseModel(), "-o", artefact, "--modality", "image", "--bit-width", "4", "--calibration", "none", "--quiet");
        (_, long peak) = await PeakAsync(["export", artefact, "-o", output, "--format", format, "--quiet", .. more]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{peak >> 20} MiB");
        Assert.InRange(peak, 1L << 20, ExportBytes + StartUp);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static async Task<(ToolRun Run, long Peak)> PeakAsync(params string[] arguments)
    {
        using Process process = Tool.Start(arguments);
        Task<ToolRun> ended = Tool.FinishAsync(process);
        long peak = 0;
        CancellationToken token = TestContext.Current.CancellationToken;
        for (; !ended.IsCompleted; await Task.WhenAny(ended, Task.Delay(20, token))) peak = Math.Max(peak, PeakOf(process.Id));
        ToolRun run = await ended;
        Assert.True(run.ExitCode == 0, run.Error);
        return (run, peak);
    }

    // The highest so far; zero once the process has ended.
    private static long PeakOf(int process)
    {
        string path = $"/proc/{process}/status";
        try
        {
            string? line = File.ReadLines(path).FirstOrDefault(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : 1024 * long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private string WriteSparseModel()
    {
        const long Bytes = Rows * Columns * 2;
        IEnumerable<string> tensors = Enumerable.Range(0, Layers).Select(i =>
            $"\"b.{i}.weight\":{{\"dtype\":\"F16\",\"shape\":[{Rows},{Columns}],\"data_offsets\":[{i * Bytes},{(i + 1) * Bytes}]}}");
        byte[] header = Encoding.UTF8.GetBytes($"{{{string.Join(",", tensors)}}}");
        string path = Path.Combine(_folder.CreateFolder("model"), "model.safetensors");
        using FileStream file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        file.SetLength(file.Position + (Layers * Bytes));
        return Path.GetDirectoryName(path)!;
    }
}
