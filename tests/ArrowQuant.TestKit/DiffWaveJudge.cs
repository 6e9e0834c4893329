namespace ArrowQuant.TestKit;

/// <summary>
/// Judges weights of diffwave-spoken-digits by what they generate: 20 DDIM steps, scored by the stored classifier. The first 64 samples
/// start from stored noise and are compared with the stored samples of the float32 model; further ones start from seeded noise.
/// </summary>
public sealed class DiffWaveJudge
{
    private const string Model = "diffwave-spoken-digits";
    private const int SampleLength = 24 * 32;
    private const ulong NoiseSeed = 20;
    private readonly float[] _noise;
    private readonly float[] _reference; // of as many samples as are stored and judged
    private readonly int[] _labels;
    private readonly ConvolutionClassifier _classifier;

    /// <summary>Loads or draws the noise of <paramref name="samples"/> samples (2 or more) and loads the classifier.</summary>
    public DiffWaveJudge(int samples = 200)
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference =
            WeightFile.Read(RepositoryPaths.SampleFile(Model, "reference.safetensors"));
        _classifier = new ConvolutionClassifier(WeightFile.Read(RepositoryPaths.SampleFile(Model, "eval/classifier.safetensors")));
        float[] labels = reference["ddim.labels"].Values;
        int stored = Math.Min(samples, labels.Length);
        float[] drawn =
            SyntheticModels.Values(WeightDistribution.Gaussian, (samples - stored) * SampleLength, NoiseSeed, standardDeviation: 1);
        _noise = [.. reference["ddim.noise"].Values[..(stored * SampleLength)], .. drawn];
        _labels = [.. Enumerable.Range(0, samples).Select(i => i < stored ? (int)labels[i] : i % 10)];
        _reference = SampleScore.Clamp(reference["ddim20.samples"].Values.AsSpan(0, stored * SampleLength));
    }

    /// <summary>Generates with these weights and scores the samples; the PSNR is that of the samples with stored noise.</summary>
    public SampleScore Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
    {
        float[] samples = SampleScore.Clamp(DdimSampler.Sample(new DiffWaveModel(weights), _noise, _labels));
        (double accuracy, double frechet) = _classifier.Classify(samples, _labels);
        return new SampleScore(accuracy, frechet, Figures.Psnr(_reference, samples.AsSpan(0, _reference.Length), peak: 2));
    }

    /// <summary>Class accuracy and Frechet distance of log-mel frames [n, 24, 32] in [-1, 1].</summary>
    public (double Accuracy, double Frechet) Classify(ReadOnlySpan<float> samples, ReadOnlySpan<int> labels) =>
        _classifier.Classify(samples, labels);
}
