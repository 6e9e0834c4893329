using System.Globalization;
using System.Text.RegularExpressions;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>Layers that are fitted to their inputs are taken over with all that was chosen and measured.</summary>
public sealed partial class ResumeCalibratedTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>
    /// Purpose: choices, gains, biases, fallbacks and figures of outputs survive. Input: a sample with its calibration data; a run that
    /// is cancelled when half of its tensors are done and resumed; and a run that reuses the finished artefact. Expected: the bytes and the
    /// report of a plain run; a reused artefact is taken over whole.
    /// </summary>
    [Theory]
    [InlineData("dit-digits", 4)]
    [InlineData("dit-digits", 8)]
    [InlineData("llada-kjv", 2)]
    [InlineData("diffwave-spoken-digits", 4)]
    public async Task Quantize_SampleResumedOrReused_IsTheSameAsAtOnce(string sample, int bits)
    {
        DiffusionQuantConfig config = new() { BitWidth = bits, MinAccuracy = 0.5, NumThreads = 2 };
        string whole = _folder.PathOf("whole");
        await RunAsync(sample, whole, config, new(), null);

        string resumed = _folder.PathOf("resumed");
        using CancellationTokenSource stop = new();
        var half = new Half(stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => RunAsync(sample, resumed, config, new() { Resume = true }, half, stop.Token));
        Assert.False(Directory.Exists(resumed));
        (int taken, int made) = await RunAsync(sample, resumed, config, new() { Resume = true }, null);
        Assert.InRange(taken, 1, half.Total);
        ResumeLab.AssertSame(whole, resumed);

        string reused = _folder.PathOf("reused");
        Assert.Equal((taken + made, 0), await RunAsync(sample, reused, config, new() { ReusePath = whole }, null));
        ResumeLab.AssertSame(whole, reused);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static async Task<(int Taken, int Made)> RunAsync(
        string sample, string output, DiffusionQuantConfig config, QuantizationRunOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken? token = null)
    {
        RecordingLogger logger = new();
        await new DiffusionQuantizer(logger).QuantizeAsync(
            RepositoryPaths.Sample(sample), output, config, options, progress, token ?? TestContext.Current.CancellationToken);
        Match? counts = logger.Entries.Select(entry => CountsLine().Match(entry.Message)).FirstOrDefault(match => match.Success);
        return counts is null ? (0, 0) : (Number(counts.Groups[1]), Number(counts.Groups[2]));
    }

    private static int Number(Group text) => int.Parse(text.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"finished blocks: (\d+) taken over, (\d+) quantized")]
    private static partial Regex CountsLine();

    private sealed class Half(CancellationTokenSource stop) : IProgress<QuantizationProgress>
    {
        public int Total { get; private set; }

        public void Report(QuantizationProgress value)
        {
            Total = value.LayersTotal;
            if (value.LayersDone >= value.LayersTotal / 2) stop.Cancel();
        }
    }
}
