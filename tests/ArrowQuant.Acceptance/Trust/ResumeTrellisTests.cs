using System.Diagnostics;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>Two bits through a trellis, rotated, each block fitted to what the ones before give: killed and resumed.</summary>
public sealed class ResumeTrellisTests : IDisposable
{
    private const int KeptBytes = 100_000;

    private readonly TempFolder _folder = new();

    /// <summary>
    /// Purpose: what the best recipe found is taken over. Input: a sample at 2 bits with its calibration data and <c>--recipe best</c>,
    /// killed when its journal holds 100 kB, and again when it holds 200 kB; then resumed to the end. Expected: nothing at the output
    /// before the end, blocks taken over, trellis layers, and the bytes of a run without interruption.
    /// </summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Quantize_BestRecipeKilledAndResumed_GivesTheSameBytes()
    {
        string whole = _folder.PathOf("whole");
        ToolRun plain = await Tool.RunProcessAsync(Arguments(whole));
        Assert.True(plain.ExitCode == 0, plain.Error);
        Assert.Contains("trellis", await File.ReadAllTextAsync(Path.Combine(whole, "report.json"), Token), StringComparison.Ordinal);

        string output = Path.Combine(_folder.CreateFolder("work"), "out");
        string[] resume = Arguments(output, "--resume");
        foreach (long kept in new[] { KeptBytes, 2 * KeptBytes }) await KillAsync(resume, output + ".finished-blocks", kept);
        Assert.False(Directory.Exists(output));
        ToolRun resumed = await Tool.RunProcessAsync(resume);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        (int taken, int made) = ResumeLab.Counts(resumed);
        Assert.InRange(taken, 1, taken + made - 1);
        ResumeLab.AssertSame(whole, output);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string[] Arguments(string output, params string[] more) =>
    [
        "quantize", RepositoryPaths.Sample("dit-digits"), "-o", output, "--bit-width", "2", "--recipe", "best", "--threads", "2",
        "--verbose", .. more,
    ];

    private static async Task KillAsync(string[] arguments, string journal, long kept)
    {
        using Process process = Tool.Start(arguments);
        Task<ToolRun> ended = Tool.FinishAsync(process);
        while (!process.HasExited && (!File.Exists(journal) || new FileInfo(journal).Length < kept)) await Task.Delay(5, Token);
        Assert.False(process.HasExited, "the run ended before it was killed");
        process.Kill();
        await ended;
    }
}
