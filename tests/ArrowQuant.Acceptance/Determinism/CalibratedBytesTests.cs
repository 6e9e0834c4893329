using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Determinism;

/// <summary>With calibration data as well, the same input and configuration give the same bytes, however they are computed.</summary>
public sealed class CalibratedBytesTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: threads, kernels and memory bounds never change a byte of a calibrated artefact. Input: the samples with their data on one
    /// thread; then on two and three threads, with every kernel set, with bounds of 96 and 4096 MiB. Expected: the same SHA-256 of every
    /// shard.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("dit-digits", 2)]
    [InlineData("llada-kjv", 2)]
    [InlineData("diffwave-spoken-digits", 4)]
    public async Task Quantize_CalibratedHoweverItIsComputed_GivesTheSameBytes(string name, int bits)
    {
        string model = models.InForm(RepositoryPaths.Sample(name), ModelForm.Safetensors);
        DiffusionQuantConfig config = new() { BitWidth = bits, NumThreads = 1, MinAccuracy = 0.5 };
        await _run.RunAsync(model, config, new());
        string[] bytes = FolderState.OfShards(_run.Output);
        Assert.NotEmpty(bytes);

        (DiffusionQuantConfig Config, string? Kernels)[] ways =
        [
            (config with { NumThreads = 2 }, null),
            (config with { NumThreads = 3, MaxMemoryMb = 96 }, null),
            (config with { MaxMemoryMb = 4096, EnableStreaming = false }, null),
            (config, "scalar"), (config, "v128"), (config, "v256"), (config with { NumThreads = 2 }, "v512"),
        ];
        foreach ((DiffusionQuantConfig other, string? kernels) in ways)
        {
            using Quantizing again = new();
            await again.RunAsync(model, other, new(), kernels);
            Assert.Equal(bytes, FolderState.OfShards(again.Output));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
