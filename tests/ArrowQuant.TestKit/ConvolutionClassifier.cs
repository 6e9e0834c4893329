namespace ArrowQuant.TestKit;

/// <summary>The classifier of diffwave-spoken-digits: two strided convolutions over frames, then two linear layers.</summary>
internal sealed class ConvolutionClassifier(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
{
    private const int Mels = 24;
    private const int Frames = 32;
    private const int Taps = 5;
    private const int Stride = 2;
    private const int Padding = 2;

    private readonly DenseLayer _features = DenseLayer.From(weights, "fc1");
    private readonly DenseLayer _logits = DenseLayer.From(weights, "fc2");

    /// <summary>Class accuracy and Frechet distance of samples [n, 24, 32] in [-1, 1].</summary>
    public (double Accuracy, double Frechet) Classify(ReadOnlySpan<float> samples, ReadOnlySpan<int> labels)
    {
        int count = labels.Length;
        float[] flat = new float[count * _features.Inputs];
        for (int i = 0; i < count; i++)
        {
            float[] first = Convolve("conv1", samples.Slice(i * Mels * Frames, Mels * Frames), Mels, Frames);
            Convolve("conv2", first, first.Length / (Frames / Stride), Frames / Stride).CopyTo(flat, i * _features.Inputs);
        }

        float[] features = new float[count * _features.Outputs];
        float[] logits = new float[count * _logits.Outputs];
        _features.Apply(flat, features, count);
        Activations.Relu(features);
        _logits.Apply(features, logits, count);
        return (SampleScore.ShareOfLargest(logits, labels),
            FrechetDistance.Between(features, weights["frechet.mean"].Values, weights["frechet.cov"].Values));
    }

    // relu(conv1d), kernel 5, stride 2, padding 2: [channels, frames] to [outputs, frames / 2]
    private float[] Convolve(string name, ReadOnlySpan<float> input, int channels, int frames)
    {
        float[] kernel = weights[name + ".weight"].Values;
        float[] bias = weights[name + ".bias"].Values;
        int shorter = frames / Stride;
        float[] output = new float[bias.Length * shorter];
        for (int o = 0; o < bias.Length; o++)
        {
            for (int n = 0; n < shorter; n++)
            {
                float sum = bias[o];
                for (int tap = 0; tap < Taps; tap++)
                {
                    int frame = (n * Stride) + tap - Padding;
                    if (frame < 0 || frame >= frames) continue;
                    for (int c = 0; c < channels; c++) sum += kernel[(((o * channels) + c) * Taps) + tap] * input[(c * frames) + frame];
                }

                output[(o * shorter) + n] = sum;
            }
        }

        Activations.Relu(output);
        return output;
    }
}
