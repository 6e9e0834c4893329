using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Models;

/// <summary>Every model of the repository at every width.</summary>
public sealed class EveryModelTests : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>Every model folder and what its weights make; a checkpoint that does not say it is told.</summary>
    public static TheoryData<string, Modality?, int> Models
    {
        get
        {
            (string Name, Modality? Modality)[] names =
            [
                .. RepositoryPaths.SampleNames.Select(name => (name, (Modality?)null)),
                ("aesthetic-mlp", Modality.Image), ("ddpm-mnist-unet", Modality.Image), ("retsim-text-encoder", Modality.Text),
                ("sd15-lora-analog-r4", Modality.Image), ("silero-vad-16k", Modality.Audio), ("taef2-vae", Modality.Image),
            ];
            TheoryData<string, Modality?, int> data = [];
            foreach ((string name, Modality? modality) in names)
            {
                foreach (int bits in (int[])[2, 4, 8]) data.Add(name, modality, bits);
            }

            return data;
        }
    }

    /// <summary>
    /// Purpose: real checkpoints with all their odd tensors quantize, validate and read back. Input: each model at 2, 4 and 8 bits, no
    /// threshold. Expected: one attempt; the validator finds nothing wrong with and without the original and computes the same accuracy; a
    /// second Parquet reader decodes every tensor with the figures that the result states; at 8 bits every layer is above 0.999.
    /// </summary>
    [Theory]
    [MemberData(nameof(Models))]
    public async Task Quantize_RealModel_ValidatesAndReadsBack(string name, Modality? modality, int bits)
    {
        string folder = RepositoryPaths.SampleNames.Contains(name) ? RepositoryPaths.Sample(name) : RepositoryPaths.Weights(name);
        QuantizationResult result = await _run.RunAsync(folder, new() { BitWidth = bits, Modality = modality, MinAccuracy = 0 });

        Assert.Equal((bits, 1), (result.BitWidth, result.Attempts.Count));
        Assert.NotEmpty(result.Layers);
        ValidationReport checkedAgain = ArtefactValidator.Validate(
            folder, _run.Output, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(checkedAgain.Problems);
        Assert.True(checkedAgain.Passed);
        Assert.Equal(result.CosineSimilarity, checkedAgain.CosineSimilarity!.Value, 1e-12);
        Assert.True(ArtefactValidator.Validate(null, _run.Output, cancellationToken: TestContext.Current.CancellationToken).Passed);
        DecodedAssert.StatesTheTruth(result, Path.Combine(folder, "model.safetensors"), _run.Output);
        double least = bits switch { 2 => 0.75, 4 => 0.95, _ => 0.999 };
        Assert.All(result.Layers, layer => Assert.InRange(layer.CosineSimilarity, least, 1));
        Assert.All(result.Layers, layer => Assert.InRange(layer.Gain, 0.98, 1.02));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
