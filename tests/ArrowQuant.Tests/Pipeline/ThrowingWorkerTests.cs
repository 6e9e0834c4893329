using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Pipeline;

/// <summary>A defect in a worker ends the run with that exception and costs nothing that was there.</summary>
public sealed class ThrowingWorkerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Around => _folder.CreateFolder("work");

    private string Output => Path.Combine(Around, "out");

    /// <summary>
    /// Throws in a worker that keeps a finished block, or in the writer of shards, after so many writes. The artefact stays as it was;
    /// beside it only what <c>--resume</c> keeps, from which the next run makes the artefact of an uninterrupted one.
    /// </summary>
    [Theory]
    [InlineData(".finished-blocks", true, 6)]
    [InlineData(".parquet", false, 1)]
    public async Task QuantizeAsync_WorkerThrows_KeepsTheArtefact(string file, bool resume, int writes)
    {
        string model = SyntheticModels.Write(_folder.PathOf("model"), WeightDistribution.Gaussian, 5);
        await QuantizeAsync(model, 8, resume: false);
        Dictionary<string, byte[]> before = Directory.GetFiles(Output).ToDictionary(path => path, File.ReadAllBytes);

        int count = 0;
        void Throw(string path)
        {
            if (path.EndsWith(file, StringComparison.Ordinal) && Interlocked.Increment(ref count) > writes)
                throw new InvalidOperationException("thrown by a worker");
        }

        // The Parquet library passes on what its stream throws as text.
        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => QuantizeAsync(model, 4, resume, Throw));
        Assert.Contains("thrown by a worker", e.Message, StringComparison.Ordinal);
        Assert.Equal(before.Keys.Order(), Directory.GetFiles(Output).Order());
        Assert.All(before, pair => Assert.Equal(pair.Value, File.ReadAllBytes(pair.Key)));
        string[] expected = resume ? [Output, Output + ".finished-blocks"] : [Output];
        Assert.Equal(expected, Directory.GetFileSystemEntries(Around).Order(StringComparer.Ordinal));

        await QuantizeAsync(model, 4, resume);
        Assert.Equal([Output], Directory.GetFileSystemEntries(Around));
        Assert.True(ArtefactValidator.Validate(model, Output, 0, null, TestContext.Current.CancellationToken).Passed);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private async Task QuantizeAsync(string model, int bits, bool resume, Action<string>? beforeWrite = null) =>
        await new DiffusionQuantizer { BeforeWrite = beforeWrite }.QuantizeAsync(
            model, Output, new DiffusionQuantConfig { BitWidth = bits, NumThreads = 2, MinAccuracy = 0 },
            new QuantizationRunOptions { Force = true, Resume = resume }, null, TestContext.Current.CancellationToken);
}
