using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Determinism;

/// <summary>The same input and configuration give the same bytes, however they are computed.</summary>
public sealed class SameBytesTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: threads, runs, kernels and memory bounds never change a byte. Input: dit-digits at 2 bits and diffwave at 4, on one thread;
    /// then again, on two threads and three, with every kernel set, with bounds of 64 and 4096 MiB, and streaming off. Expected: the same
    /// SHA-256 of every shard, and the same result but for times and paths.
    /// </summary>
    [Theory]
    [InlineData("dit", 2)]
    [InlineData("llada", 2)]
    [InlineData("diffwave", 4)]
    public async Task Quantize_HoweverItIsComputed_GivesTheSameBytes(string name, int bits)
    {
        string model = name switch
        {
            "dit" => models.Dit(ModelForm.Safetensors),
            "llada" => models.Llada(ModelForm.Safetensors),
            _ => models.DiffWave(ModelForm.Safetensors),
        };
        DiffusionQuantConfig config = new() { BitWidth = bits, NumThreads = 1, MinAccuracy = 0.5 };
        QuantizationResult expected = await _run.RunAsync(model, config);
        string[] bytes = FolderState.OfShards(_run.Output);
        Assert.NotEmpty(bytes);

        (DiffusionQuantConfig Config, string? Kernels)[] ways =
        [
            (config, null),
            (config with { NumThreads = 2 }, null),
            (config with { NumThreads = 3, MaxMemoryMb = 64 }, null),
            (config with { MaxMemoryMb = 4096, EnableStreaming = false }, null),
            (config, "scalar"), (config, "v128"), (config, "v256"), (config with { NumThreads = 2 }, "v512"),
        ];
        foreach ((DiffusionQuantConfig other, string? kernels) in ways)
        {
            using Quantizing again = new();
            QuantizationResult result = await again.RunAsync(model, other, kernels: kernels);
            Assert.Equal(bytes, FolderState.OfShards(again.Output));
            Assert.Equal(Timeless(expected), Timeless(result));
        }
    }

    /// <summary>
    /// Purpose: the form of the source does not matter where the values are the same. Input: dit-digits as safetensors, as V2 Extended
    /// Parquet and in three shards. Expected: every layer has the same codes, scales and levels, read by another reader.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Quantize_OtherFormsOfTheModel_GiveTheSameCodes(int bits)
    {
        string model = models.Dit(ModelForm.Safetensors);
        string sharded = ModelVariants.WriteSharded(model, Path.Combine(_run.Inputs, "sharded"), 3);
        DiffusionQuantConfig config = new() { BitWidth = bits, MinAccuracy = 0.5 };
        await _run.RunAsync(model, config);
        Dictionary<string, string> expected = Codes(_run.Output);

        foreach (string form in (string[])[models.Dit(ModelForm.V2Extended), sharded])
        {
            using Quantizing again = new();
            await again.RunAsync(form, config);
            Assert.Equal(expected, Codes(again.Output));
        }
    }

    /// <summary>
    /// Purpose: half precision models quantize, sharded or not. Input: dit-digits as F16 and BF16, and F16 in four shards, at 2 bits.
    /// Expected: the accuracy of the F32 model within 0.001, the source type in the result, decoded figures as stated, and the sharded F16
    /// model gives the codes of the single one.
    /// </summary>
    [Fact]
    public async Task Quantize_HalfPrecisionModels_GiveTheSameAccuracyAndCodes()
    {
        string model = models.Dit(ModelForm.Safetensors);
        DiffusionQuantConfig config = new() { BitWidth = 2, MinAccuracy = 0.5 };
        double full = (await _run.RunAsync(model, config)).CosineSimilarity;
        string f16 = ModelVariants.WriteF16(model, Path.Combine(_run.Inputs, "f16"));
        string bf16 = ModelVariants.WriteBf16(model, Path.Combine(_run.Inputs, "bf16"));
        string sharded = ModelVariants.WriteSharded(f16, Path.Combine(_run.Inputs, "f16-sharded"), 4);

        using Quantizing single = new();
        QuantizationResult half = await single.RunAsync(f16, config);
        Assert.Equal(full, half.CosineSimilarity, 0.001);
        Assert.All(half.Layers, layer => Assert.Equal("float16", layer.SourceDtype));
        DecodedAssert.StatesTheTruth(half, Path.Combine(f16, "model.safetensors"), single.Output);

        using Quantizing brain = new();
        QuantizationResult bfloat = await brain.RunAsync(bf16, config);
        Assert.Equal(full, bfloat.CosineSimilarity, 0.001);
        Assert.All(bfloat.Layers, layer => Assert.Equal("bfloat16", layer.SourceDtype));
        DecodedAssert.StatesTheTruth(bfloat, Path.Combine(bf16, "model.safetensors"), brain.Output);

        using Quantizing parts = new();
        QuantizationResult whole = await parts.RunAsync(sharded, config);
        Assert.Equal(half.CosineSimilarity, whole.CosineSimilarity);
        Assert.Equal(Codes(single.Output), Codes(parts.Output));
    }

    /// <summary>
    /// Purpose: too little memory is an error, never another result. Input: a bound of 1 MiB. Expected: ResourceException that names the
    /// setting, what needs more and how much; nothing left behind.
    /// </summary>
    [Fact]
    public async Task Quantize_MemoryBoundTooSmall_FailsAndSaysWhatNeedsMore()
    {
        ResourceException error = await Assert.ThrowsAsync<ResourceException>(
            () => _run.RunAsync(models.Dit(ModelForm.Safetensors), new() { BitWidth = 2, MaxMemoryMb = 1, NumThreads = 4 }));

        Assert.Contains("max_memory_mb", error.Message, StringComparison.Ordinal);
        Assert.Contains("1,048,576 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains("block buffers", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_run.Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private static Dictionary<string, string> Codes(string artefact) => ArtefactDecoder.ReadRows(artefact).ToDictionary(
        row => $"{row.LayerName} {row.RowStart}",
        row => $"{row.QuantType} {row.Layout} {Convert.ToHexString(row.Data)} "
            + string.Join(' ', [.. row.Scales, .. row.ZeroPoints, .. row.Levels]),
        StringComparer.Ordinal);

    private static string Timeless(QuantizationResult result) => ReportJson.Serialize(result with
    {
        QuantizedPath = "",
        QuantizationTimeS = 0,
        Attempts = [.. result.Attempts.Select(attempt => attempt with { DurationS = 0 })],
    });
}
