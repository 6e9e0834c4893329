using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Accuracy;

/// <summary>What two bits of the recipe <c>best</c> keep of the sample models, over seeds of the rotation.</summary>
public sealed class TwoBitTests
{
    private const string Embeddings = "embedding_table|class_embedding|wte|pos_embed";

    private static readonly int[] Seeds = [0, 1, 2];

    /// <summary>
    /// Purpose: two bits keep the distributions of masked text. Input: llada-kjv, every layer but the embedding, three seeds. Expected: the
    /// mean divergence from float32 over 10, 50 and 90 % masked is at most .062 without data and .038 with it (plain lattices: .080), at no
    /// more than 2.2 bits per weight; no seed is an outlier.
    /// </summary>
    [Theory, Trait("Category", "Slow")]
    [InlineData(false, 0.062, 2.15)]
    [InlineData(true, 0.038, 2.2)]
    public async Task Quantize_BestText_KeepsItsDistributions(bool calibrated, double most, double bits)
    {
        LladaJudge judge = new();
        List<double> divergences = [];
        foreach (int seed in Seeds)
        {
            (QuantizationResult result, Dictionary<string, (long[] Shape, float[] Values)> weights) =
                await QuantizeAsync("llada-kjv", seed, calibrated);
            Assert.InRange(result.BitsPerWeight, 2, bits);
            divergences.Add(new[] { 100, 500, 900 }.Average(ratio => judge.Judge(weights, ratio).KlDivergence));
        }

        Assert.InRange(divergences.Average(), 0, most);
        Assert.InRange(divergences.Max(), 0, 1.3 * most);
    }

    /// <summary>
    /// Purpose: two bits without data keep samples. Input: dit-digits, every layer but embeddings, three seeds. Expected: a mean PSNR of at
    /// least 26 dB against the samples of float32, at no more than 2.15 bits per weight.
    /// </summary>
    [Fact, Trait("Category", "Slow")]
    public async Task Quantize_BestImageWithoutData_KeepsItsSamples()
    {
        DitJudge judge = new();
        List<double> decibels = [];
        foreach (int seed in Seeds)
        {
            (QuantizationResult result, Dictionary<string, (long[] Shape, float[] Values)> weights) =
                await QuantizeAsync("dit-digits", seed, calibrated: false);
            Assert.InRange(result.BitsPerWeight, 2, 2.15);
            decibels.Add(judge.Judge(weights).PsnrDecibels);
        }

        Assert.InRange(decibels.Average(), 26, 40);
    }

    private static async Task<(QuantizationResult Result, Dictionary<string, (long[] Shape, float[] Values)> Weights)> QuantizeAsync(
        string model, int seed, bool calibrated)
    {
        using Quantizing run = new();
        QuantizationResult result = await run.RunAsync(
            RepositoryPaths.Sample(model),
            new()
            {
                BitWidth = 2,
                Recipe = Recipe.Best,
                MinAccuracy = 0,
                SkipSensitiveLayers = false,
                ExcludeLayers = [Embeddings],
                RotationSeed = seed,
            },
            new QuantizationRunOptions { NoCalibration = !calibrated });
        return (result, ArtefactDecoder.Decode(run.Output));
    }
}
