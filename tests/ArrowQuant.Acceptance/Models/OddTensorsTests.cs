using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Models;

/// <summary>Tensors at the edges: of size, of shape, of magnitude and of type.</summary>
public sealed class OddTensorsTests : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: nothing that a file may hold stops a run. Input: constant and all-zero layers, rows that end in a short group, weights of
    /// 1e-30 and 1e30, rows of very different magnitude, F16 subnormals, 1-D, 0-D and empty tensors, integers. Expected: at every width the
    /// layers quantize with finite figures and without bias, constant and zero layers exactly, the rest as well as Gaussian weights of any
    /// scale; the others are kept as they are; an independent reader agrees.
    /// </summary>
    [Theory]
    [InlineData(2, 0.92)]
    [InlineData(4, 0.99)]
    [InlineData(8, 0.9999)]
    public async Task Quantize_OddTensors_AreAllTaken(int bits, double least)
    {
        string model = Path.Combine(_run.Inputs, "model.safetensors");
        WeightFileWriter.Write(model, OddTensors(), new Dictionary<string, string> { ["modality"] = "text" });
        QuantizationResult result = await _run.RunAsync(model, new() { BitWidth = bits, MinAccuracy = 0.5 });

        Assert.Equal(
            ["constant", "huge", "mixed", "short", "subnormal", "tiny", "zero"],
            result.Layers.Select(layer => layer.Name.Split('.')[0]).Order(StringComparer.Ordinal));
        foreach (LayerReport layer in result.Layers)
        {
            bool isExact = layer.Name.StartsWith(
                "constant", StringComparison.Ordinal) || layer.Name.StartsWith("zero", StringComparison.Ordinal);
            Assert.InRange(layer.CosineSimilarity, isExact ? 1 - 1e-6 : least, 1 + 1e-9);
            Assert.InRange(layer.Gain, 0.999, 1.001);
            if (isExact) Assert.InRange(layer.Nmse, 0, 1e-6);
        }

        Dictionary<string, string> reasons = result.Kept.ToDictionary(kept => kept.Name, kept => kept.Reason, StringComparer.Ordinal);
        Assert.Equal(("vector", "vector", "not_float"), (reasons["scalar"], reasons["bias"], reasons["positions.weight"]));
        Assert.Contains("empty.weight", reasons.Keys);
        DecodedAssert.StatesTheTruth(result, model, _run.Output);
        Assert.Empty(ArtefactValidator.Validate(model, _run.Output, cancellationToken: TestContext.Current.CancellationToken).Problems);
    }

    /// <summary>
    /// Purpose: FP8 checkpoints are weights. Input: dit-digits as F8_E4M3 and F8_E5M2, at 4 bits. Expected: every layer quantizes, its
    /// source type is told, and the figures are those against the FP8 values.
    /// </summary>
    [Theory]
    [InlineData("F8_E4M3")]
    [InlineData("F8_E5M2")]
    public async Task Quantize_Fp8Model_IsTaken(string type)
    {
        string source = RepositoryPaths.Sample("dit-digits");
        string target = Path.Combine(_run.Inputs, "fp8");
        string model = type == "F8_E4M3" ? ModelVariants.WriteF8E4M3(source, target) : ModelVariants.WriteF8E5M2(source, target);
        QuantizationResult result = await _run.RunAsync(model, new DiffusionQuantConfig { BitWidth = 4 });

        Assert.All(result.Layers, layer => Assert.Equal(type == "F8_E4M3" ? "float8_e4m3" : "float8_e5m2", layer.SourceDtype));
        Assert.InRange(result.CosineSimilarity, 0.99, 1);
        DecodedAssert.StatesTheTruth(result, Path.Combine(model, "model.safetensors"), _run.Output);
    }

    /// <summary>
    /// Purpose: compression changes the file, not the model. Input: dit-digits at 2 bits, with and without zstd. Expected: the same decoded
    /// values by an independent reader.
    /// </summary>
    [Fact]
    public async Task Quantize_Zstd_DecodesToTheSameWeights()
    {
        string model = RepositoryPaths.Sample("dit-digits");
        await _run.RunAsync(model, new() { BitWidth = 2 });
        using Quantizing compressed = new();
        await compressed.RunAsync(model, new() { BitWidth = 2, Compression = Compression.Zstd });

        Dictionary<string, (long[] Shape, float[] Values)> expected = ArtefactDecoder.Decode(_run.Output);
        foreach ((string name, (
            long[] _, float[] values)) in ArtefactDecoder.Decode(compressed.Output)) Assert.Equal(expected[name].Values, values);
        Assert.NotEqual(FolderState.OfShards(_run.Output), FolderState.OfShards(compressed.Output));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    private static List<RawTensor> OddTensors()
    {
        float[] mixed = Gaussian(64 * 256, 1);
        for (int row = 0; row < 64; row++)
            for (int i = 0; i < 256; i++) mixed[(row * 256) + i] *= MathF.Pow(2, row - 32);
        float[] constant = new float[64 * 256];
        Array.Fill(constant, 0.3125f);
        return
        [
            F32("constant.weight", [64, 256], constant),
            F32("zero.weight", [64, 256], new float[64 * 256]),
            F32("short.weight", [48, 301], Gaussian(48 * 301, 0.02)),
            F32("tiny.weight", [64, 256], Gaussian(64 * 256, 1e-30)),
            F32("huge.weight", [64, 256], Gaussian(64 * 256, 1e30)),
            F32("mixed.weight", [64, 256], mixed),
            RawTensor.FromFloats("subnormal.weight", "F16", [64, 256], Gaussian(64 * 256, 1e-5)),
            F32("bias", [256], Gaussian(256, 1)),
            F32("scalar", [], [1.5f]),
            F32("empty.weight", [0, 64], []),
            new RawTensor("positions.weight", "I32", [4, 64], new byte[4 * 64 * 4]),
        ];
    }

    private static RawTensor F32(string name, long[] shape, float[] values) => RawTensor.FromFloats(name, "F32", shape, values);

    private static float[] Gaussian(int count, double deviation) =>
        SyntheticModels.Values(WeightDistribution.Gaussian, count, 101, standardDeviation: deviation);
}
