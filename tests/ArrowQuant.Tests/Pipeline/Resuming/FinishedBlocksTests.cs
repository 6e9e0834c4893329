using System.Globalization;
using System.Text.RegularExpressions;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Resuming;
using ArrowQuant.Pipeline.Running;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowQuant.Tests.Pipeline.Resuming;

/// <summary>Runs that fail while they write, and go on from what they kept.</summary>
public sealed partial class FinishedBlocksTests : IDisposable
{
    private const int Blocks = 32;
    private const string Shard = "model-00001-of-00001.parquet";

    private readonly TempFolder _folder = new();

    /// <summary>
    /// Purpose: a kill at any moment costs at most one block per worker. Input: a run on several threads whose blocks take different time
    /// to be kept. Expected: at no moment more blocks begun and not kept than workers.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Run_AtAnyMoment_HasAtMostOneUnkeptBlockPerWorker(int threads)
    {
        DiffusionQuantConfig config = new() { NumThreads = threads, BitWidth = 2 };
        using IModelSource source = ModelSource.Open(Model(), new ModelSourceOptions());
        ModelPlan plan = ModelPlanner.Plan(source, config, new QuantizationRunOptions());
        var counter = new CountingBlocks();
        var runner = new AttemptRunner(
            plan, KernelSet.Create(null), new MemoryBudget(1 << 30), new ArtefactWriterOptions(),
            new ProgressReporter(null, NullLogger.Instance, TimeProvider.System), new PhaseTimes(TimeProvider.System), counter);
        runner.Run(
            new AttemptSpec { Number = 1, BitWidth = 2, Widths = plan.WidthsAt(2), OutputFolder = _folder.CreateFolder("shards") },
            TestContext.Current.CancellationToken);
        Assert.Equal(Blocks, counter.Kept);
        Assert.InRange(counter.MostUnkept, 1, threads);
    }

    /// <summary>
    /// Purpose: write errors lose nothing that was kept. Input: two runs after one another in which each write to a shard or to the journal
    /// fails with a probability of 10 %, then one without errors. Expected: ResourceException and nothing at the output but the journal
    /// beside it; the last run takes over what both kept and gives the bytes of a run that never failed.
    /// </summary>
    [Fact]
    public Task Quantize_TenPercentOfWritesFail_EndsWithTheSameBytes() => SufferWriteErrorsAsync(runs: 3, seed: 1);

    /// <summary>The same, fifty times.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public Task Quantize_TenPercentOfWritesFailFiftyTimes_EndsWithTheSameBytes() => SufferWriteErrorsAsync(runs: 50, seed: 2);

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private async Task SufferWriteErrorsAsync(int runs, int seed)
    {
        DiffusionQuantConfig config = new() { BitWidth = 4, NumThreads = 2 };
        await QuantizeAsync("whole", config, resume: false, null);
        byte[] expected = File.ReadAllBytes(_folder.PathOf("whole", Shard));
        string output = _folder.PathOf("out");
        Random random = new(seed);
        int failures = 0;
        int taken = 0;
        for (int run = 0; run < runs; run++)
        {
            for (int attempt = 0; attempt < 2 && !Directory.Exists(output); attempt++)
            {
                try
                {
                    await QuantizeAsync("out", config, resume: true, _ =>
                    {
                        lock (random)
                        {
                            if (random.NextDouble() < 0.1) throw new IOException("injected");
                        }
                    });
                }
                catch (ResourceException e)
                {
                    Assert.Contains("cannot be written: injected", e.Message, StringComparison.Ordinal);
                    Assert.Equal([BlockJournal.PathOf(output)], Directory.GetFileSystemEntries(_folder.FullName, "out*"));
                    failures++;
                }
            }

            if (!Directory.Exists(output)) taken += await QuantizeAsync("out", config, resume: true, null);
            Assert.Equal(expected, File.ReadAllBytes(Path.Combine(output, Shard)));
            Assert.Equal([output], Directory.GetFileSystemEntries(_folder.FullName, "out*"));
            Directory.Delete(output, recursive: true);
        }

        Assert.InRange(failures, runs, 2 * runs);
        Assert.InRange(taken, runs, runs * Blocks);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{failures} runs ended by a write error, {runs} artefacts whole, {taken} of {runs * Blocks} blocks taken over at the end");
    }

    // How many blocks were taken over.
    private async Task<int> QuantizeAsync(string output, DiffusionQuantConfig config, bool resume, Action<string>? beforeWrite)
    {
        var logger = new RecordingLogger();
        await new DiffusionQuantizer(logger) { BeforeWrite = beforeWrite }.QuantizeAsync(
            Model(), _folder.PathOf(output), config, new QuantizationRunOptions { Resume = resume }, null,
            TestContext.Current.CancellationToken);
        return logger.Entries.Select(entry => TakenLine().Match(entry.Message)).Where(match => match.Success)
            .Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private string Model()
    {
        string folder = _folder.PathOf("model");
        if (Directory.Exists(folder)) return folder;
        return SyntheticModels.Write(
            folder, WeightDistribution.Gaussian, 5, "image",
            [.. Enumerable.Range(0, Blocks).Select(i => ($"blocks.{i}.proj.weight", new long[] { 96, 256 }))]);
    }

    [GeneratedRegex(@"^finished blocks: (\d+) taken over")]
    private static partial Regex TakenLine();

    private sealed class CountingBlocks : IFinishedBlocks
    {
        private readonly Lock _gate = new();
        private int _unkept;

        public int Kept { get; private set; }

        public int MostUnkept { get; private set; }

        public FinishedBlock? TryTake(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash)
        {
            lock (_gate) MostUnkept = Math.Max(MostUnkept, ++_unkept);
            return null;
        }

        public void Keep(LayerIdentity layer, PreparedLayer choices, QuantizedRows rows)
        {
            Thread.Sleep((int)(rows.SourceHash % 7));
            lock (_gate)
            {
                _unkept--;
                Kept++;
            }
        }
    }
}
