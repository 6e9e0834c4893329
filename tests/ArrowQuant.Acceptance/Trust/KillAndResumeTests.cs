using System.Diagnostics;
using ArrowQuant.Acceptance.Support;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>Runs that are killed with SIGKILL at random moments and resumed, and layers that are reused.</summary>
public sealed class KillAndResumeTests(ResumeLab lab) : IClassFixture<ResumeLab>, IDisposable
{
    /// <summary>
    /// Purpose: a killed run loses nothing that was finished. Input: runs killed at seeded random moments of the time that a whole one
    /// takes, each then resumed to the end. Expected: nothing at the output before the end; all blocks that were in the journal are taken
    /// over and only the others quantized; the artefact is byte for byte the uninterrupted one; nothing else is left.
    /// </summary>
    [Fact]
    public Task Quantize_KilledAndResumed_GivesTheSameBytes() => KillAsync(kills: 3, seed: 3);

    /// <summary>The same, until fifty runs were killed.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public Task Quantize_KilledFiftyTimesAndResumed_GivesTheSameBytesFiftyTimes() => KillAsync(kills: 50, seed: 4);

    /// <summary>
    /// Purpose: kills add up to a whole run. Input: one output, runs that are killed again and again. Expected: each resumes
    /// from what all before it kept, and the last gives the uninterrupted artefact.
    /// </summary>
    [Fact]
    public async Task Quantize_KilledAgainAndAgain_GetsThere()
    {
        int before = 0;
        for (int kill = 0; kill < 3; kill++)
        {
            await lab.RunAndKillAsync(lab.Duration * 0.6);
            if (Directory.Exists(lab.Output)) break;
            int now = lab.JournaledBlocks();
            Assert.InRange(now, before, ResumeLab.Blocks);
            before = now;
        }

        if (!Directory.Exists(lab.Output)) Assert.Equal((before, ResumeLab.Blocks - before), await lab.ResumeAsync());
        lab.AssertWhole(lab.Output);
    }

    /// <summary>
    /// Purpose: only what is the same is taken over. Input: a run whose journal is whole, then resumed with another group size, and with
    /// another threshold, bound and codec. Expected: the first takes nothing over, the others everything.
    /// </summary>
    [Fact]
    public async Task Quantize_ResumedWithAnotherConfiguration_RedoesWhatDepends()
    {
        await FillJournalAsync();
        byte[] journal = await File.ReadAllBytesAsync(lab.Journal, TestContext.Current.CancellationToken);
        Assert.Equal((0, ResumeLab.Blocks), await lab.ResumeAsync("--group-size", "64"));
        await RestoreAsync(journal);
        Assert.Equal(
            (ResumeLab.Blocks, 0),
            await lab.ResumeAsync("--min-accuracy", "0.9", "--max-memory", "512MiB", "--compression", "zstd"));
    }

    /// <summary>
    /// Purpose: a changed source is noticed. Input: a whole journal, and the model with one other weight in a layer of two blocks.
    /// Expected: the block with that weight is redone, the rest taken over; the artefact is that of a plain run on the changed model.
    /// </summary>
    [Fact]
    public async Task Quantize_ResumedOnAChangedTensor_RedoesItsBlock()
    {
        await FillJournalAsync();
        string changed = lab.WriteModel("changed", "large.1.weight");
        ToolRun run = await RunOnAsync(changed, lab.Output, "--resume");
        Assert.Equal((ResumeLab.Blocks - 1, 1), ResumeLab.Counts(run));
        await RunOnAsync(changed, lab.Output + "-plain");
        ResumeLab.AssertSame(lab.Output + "-plain", lab.Output);
    }

    /// <summary>
    /// Purpose: a torn journal costs what is torn. Input: a whole journal without its last 100 bytes, as a power cut leaves it. Expected: a
    /// warning with the number of bytes, one block is redone, the same artefact.
    /// </summary>
    [Fact]
    public async Task Quantize_JournalTorn_RedoesTheTornBlock()
    {
        await FillJournalAsync();
        await using (FileStream file = new(lab.Journal, FileMode.Open, FileAccess.Write)) file.SetLength(file.Length - 100);
        ToolRun run = await RunOnAsync(lab.Model, lab.Output, "--resume");
        Assert.Equal((ResumeLab.Blocks - 1, 1), ResumeLab.Counts(run));
        Assert.Contains("bytes behind the last whole block are torn and were dropped", run.Error, StringComparison.Ordinal);
        lab.AssertWhole(lab.Output);
    }

    /// <summary>
    /// Purpose: a full disk costs nothing that was finished. Input: a process that may write 512 KiB to a file, then one without the limit.
    /// Expected: exit code 5 and the journal alone; then what it holds is taken over, and the artefact is the same.
    /// </summary>
    [Fact]
    public async Task Quantize_DiskFullThenResumed_GivesTheSameBytes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits are set by a POSIX shell");
        using Process process = Tool.StartLimited(512, lab.Arguments(lab.Output, "--resume"));
        ToolRun run = await Tool.FinishAsync(process);
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("cannot be written", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.Equal([lab.Journal], Directory.GetFileSystemEntries(lab.Around));
        int kept = lab.JournaledBlocks();
        Assert.InRange(kept, 1, ResumeLab.Blocks - 1);
        Assert.Equal((kept, ResumeLab.Blocks - kept), await lab.ResumeAsync());
        lab.AssertWhole(lab.Output);
    }

    /// <summary>
    /// Purpose: a run without --resume is not confused by what others kept. Input: a journal, then a run without the option. Expected: a
    /// warning that names the file; a plain artefact; the journal is gone when it is published.
    /// </summary>
    [Fact]
    public async Task Quantize_WithoutResumeBesideAJournal_SaysSoAndRemovesIt()
    {
        await FillJournalAsync();
        ToolRun run = await RunOnAsync(lab.Model, lab.Output);
        Assert.Contains("an earlier run left finished blocks; --resume takes them over", run.Error, StringComparison.Ordinal);
        Assert.Equal([lab.Output], Directory.GetFileSystemEntries(lab.Around));
        lab.AssertWhole(lab.Output);
    }

    /// <summary>
    /// Purpose: one changed tensor costs one layer. Input: --reuse of the artefact of the model before one weight of one layer changed, and
    /// of the same model. Expected: one block quantized, none in the second case, and the artefacts of plain runs; with another
    /// configuration nothing is reused and a warning says why.
    /// </summary>
    [Fact]
    public async Task Quantize_ReusingAnArtefact_QuantizesTheChangedLayerOnly()
    {
        string changed = lab.WriteModel("changed", "blocks.7.proj.weight");
        ToolRun run = await RunOnAsync(changed, lab.Output, "--reuse", lab.Whole);
        Assert.Equal((ResumeLab.Blocks - 1, 1), ResumeLab.Counts(run));
        await RunOnAsync(changed, lab.Output + "-plain");
        ResumeLab.AssertSame(lab.Output + "-plain", lab.Output);

        ToolRun same = await RunOnAsync(lab.Model, lab.Output, "--force", "--reuse", lab.Whole);
        Assert.Equal((ResumeLab.Blocks, 0), ResumeLab.Counts(same));
        lab.AssertWhole(lab.Output);

        ToolRun other = await RunOnAsync(lab.Model, lab.Output, "--force", "--group-size", "64", "--reuse", lab.Whole);
        Assert.Contains("nothing of it can be reused: it was made with another configuration", other.Error, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => lab.Clear();

    private async Task KillAsync(int kills, int seed)
    {
        Random random = new(seed);
        int killed = 0;
        int redone = 0;
        while (killed < kills)
        {
            await lab.RunAndKillAsync(lab.Duration * (0.2 + (0.7 * random.NextDouble())));
            if (!Directory.Exists(lab.Output))
            {
                killed++;
                int kept = lab.JournaledBlocks();
                (int taken, int made) = await lab.ResumeAsync();
                Assert.Equal((kept, ResumeLab.Blocks - kept), (taken, made));
                Assert.Equal([lab.Output], Directory.GetFileSystemEntries(lab.Around));
                redone += made;
            }

            // Otherwise the run had published before it was killed. What is at the output is whole in either case.
            lab.AssertWhole(lab.Output);
            lab.Clear();
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{killed} runs killed and resumed to the same bytes; {redone} of {kills * ResumeLab.Blocks} blocks had not been finished");
    }

    // A run that finished every block and then could not publish, since something appeared at its output.
    private async Task FillJournalAsync()
    {
        using Process process = Tool.Start(lab.Arguments(lab.Output, "--resume"));
        Task<ToolRun> ended = Tool.FinishAsync(process);
        while (!File.Exists(lab.Journal) && !process.HasExited) await Task.Delay(1, TestContext.Current.CancellationToken);
        Directory.CreateDirectory(lab.Output);
        ToolRun run = await ended;
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("exists already (an empty folder)", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.Contains($"{lab.Journal}: finished blocks are kept there", run.Error, StringComparison.Ordinal);
        Directory.Delete(lab.Output);
        Assert.Equal(ResumeLab.Blocks, lab.JournaledBlocks());
    }

    private Task RestoreAsync(byte[] journal)
    {
        Directory.Delete(lab.Output, recursive: true);
        return File.WriteAllBytesAsync(lab.Journal, journal, TestContext.Current.CancellationToken);
    }

    private static async Task<ToolRun> RunOnAsync(string model, string output, params string[] more)
    {
        ToolRun run = await Tool.RunAsync(
            ["quantize", model, "-o", output, "--bit-width", "4", "--threads", $"{ResumeLab.Threads}", "--verbose", .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
        return run;
    }
}
