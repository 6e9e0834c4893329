using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>What <c>--verbose</c> says of the times of a run.</summary>
public sealed partial class PhaseTimesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Quantize_Verbose_TellsTimesThatFitIntoTheRun(int threads)
    {
        long started = Stopwatch.GetTimestamp();
        ToolRun run = await Tool.RunAsync(
        [
            "quantize", RepositoryPaths.Sample("dit-digits"), "-o", _folder.PathOf("out"), "--calibration", "none",
            "--threads", $"{threads}", "--verbose",
        ]);
        double whole = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Assert.Equal(0, run.ExitCode);
        Match line = Times().Match(run.Error);
        Assert.True(line.Success, run.Error);
        double[] seconds = [.. line.Groups.Cast<Group>().Skip(1).Select(g => double.Parse(g.Value, CultureInfo.InvariantCulture))];
        (double planned, double passes, double published) = (seconds[0], seconds[1], seconds[2]);

        // Each figure is rounded to a millisecond. Threads did what they say within the passes.
        const double Rounding = 0.005;
        Assert.InRange(planned + passes + published, 0.001, whole + Rounding);
        Assert.InRange(seconds[3..].Sum(), 0.001, threads * passes + Rounding);
        Assert.InRange(seconds[5], 0.001, threads * passes + Rounding);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    [GeneratedRegex(
        @"info: planned in ([0-9.]+) s, passes ([0-9.]+) s, published in ([0-9.]+) s; the threads together read ([0-9.]+) s, "
        + @"hashed ([0-9.]+) s, quantized ([0-9.]+) s, wrote ([0-9.]+) s, brought to the disk ([0-9.]+) s\n")]
    private static partial Regex Times();
}
