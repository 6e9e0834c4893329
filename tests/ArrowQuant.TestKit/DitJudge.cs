namespace ArrowQuant.TestKit;

/// <summary>
/// Judges weights of dit-digits by what they generate: 20 DDIM steps from stored noise, scored by the stored classifier against the stored
/// samples of the float32 model. About 2 s on two cores for 200 samples.
/// </summary>
public sealed class DitJudge
{
    private const string Model = "dit-digits";
    private readonly float[] _noise;
    private readonly float[] _reference;
    private readonly int[] _labels;
    private readonly DenseLayer _first;
    private readonly DenseLayer _features;
    private readonly DenseLayer _logits;
    private readonly float[] _mean;
    private readonly float[] _covariance;

    /// <summary>Loads the noise of the first <paramref name="samples"/> samples (2..500) and the classifier.</summary>
    public DitJudge(int samples = 200)
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference =
            WeightFile.Read(RepositoryPaths.SampleFile(Model, "reference.safetensors"));
        Dictionary<string, (long[] Shape, float[] Values)> classifier =
            WeightFile.Read(RepositoryPaths.SampleFile(Model, "eval/classifier.safetensors"));
        _labels = [.. reference["ddim.labels"].Values[..samples].Select(label => (int)label)];
        _noise = reference["ddim.noise"].Values[..(samples * 64)];
        _reference = reference["ddim20.samples"].Values[..(samples * 64)];
        _first = DenseLayer.From(classifier, "fc1");
        _features = DenseLayer.From(classifier, "fc2");
        _logits = DenseLayer.From(classifier, "fc3");
        _mean = classifier["frechet.mean"].Values;
        _covariance = classifier["frechet.cov"].Values;
    }

    /// <summary>The samples of the float32 model as they are stored, [samples, 64], not clamped.</summary>
    public ReadOnlyMemory<float> ReferenceSamples => _reference;

    /// <summary>Generates with these weights and scores the samples.</summary>
    public SampleScore Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights) => Score(Generate(weights));

    /// <summary>Generates with these weights: [samples, 64], not clamped.</summary>
    public float[] Generate(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights) =>
        DdimSampler.Sample(new DitModel(weights), _noise, _labels);

    /// <summary>Scores samples [samples, 64] that were generated from the stored noise.</summary>
    public SampleScore Score(ReadOnlySpan<float> samples)
    {
        float[] images = SampleScore.Clamp(samples);
        (double accuracy, double frechet) = Classify(images, _labels);
        return new SampleScore(accuracy, frechet, Figures.Psnr(SampleScore.Clamp(_reference), images, peak: 2));
    }

    /// <summary>Class accuracy and Frechet distance of images [n, 64] in [-1, 1].</summary>
    public (double Accuracy, double Frechet) Classify(ReadOnlySpan<float> images, ReadOnlySpan<int> labels)
    {
        int count = labels.Length;
        float[] hidden = new float[count * _first.Outputs];
        float[] features = new float[count * _features.Outputs];
        float[] logits = new float[count * _logits.Outputs];
        _first.Apply(images, hidden, count);
        Activations.Relu(hidden);
        _features.Apply(hidden, features, count);
        Activations.Relu(features);
        _logits.Apply(features, logits, count);
        return (SampleScore.ShareOfLargest(logits, labels), FrechetDistance.Between(features, _mean, _covariance));
    }
}
