namespace ArrowQuant.TestKit;

/// <summary>The forward pass of the sample diffwave-spoken-digits, as its FORWARD.md says. Inside, values are [frame, channel].</summary>
public sealed class DiffWaveModel : INoisePredictor
{
    private const int Mels = 24;
    private const int Frames = 32;
    private const int Channels = 96;
    private const int Taps = 3;
    private const int Layers = 10;
    private const int EmbeddingLength = 64;
    private const int HiddenWidth = 192;

    private readonly DenseLayer _input;
    private readonly DenseLayer _timeIn;
    private readonly DenseLayer _timeOut;
    private readonly DenseLayer _skip;
    private readonly DenseLayer _output;
    private readonly float[] _classes; // [10, hidden]
    private readonly Layer[] _layers;

    /// <summary>
    /// Builds the model from tensors by name, the original ones or decoded ones; the tap is told what its layers are given.
    /// </summary>
    /// <exception cref="KeyNotFoundException">A tensor is missing.</exception>
    public DiffWaveModel(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, LayerTap? tap = null)
    {
        _input = DenseLayer.From(weights, "input_projection", tap);
        _timeIn = DenseLayer.From(weights, "diffusion_embedding.projection1", tap);
        _timeOut = DenseLayer.From(weights, "diffusion_embedding.projection2", tap);
        _skip = DenseLayer.From(weights, "skip_projection", tap);
        _output = DenseLayer.From(weights, "output_projection", tap);
        _classes = weights["diffusion_embedding.class_embedding.weight"].Values;
        _layers = [.. Enumerable.Range(0, Layers).Select(i => new Layer(weights, i, tap))];
    }

    /// <inheritdoc/>
    public int SampleLength => Mels * Frames;

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> x, int timestep, ReadOnlySpan<int> labels, Span<float> noise)
    {
        int rows = labels.Length * Frames;
        float[] step = StepHidden(timestep, labels);
        float[] mels = new float[rows * Mels];
        for (int i = 0; i < mels.Length; i++) mels[i] = x[SourceIndex(i)];
        float[] h = new float[rows * Channels];
        _input.Apply(mels, h, rows);
        Activations.Relu(h);
        float[] skip = new float[rows * Channels];
        Buffers buffers = new(labels.Length);
        foreach (Layer layer in _layers) Run(layer, step, h, skip, buffers);
        for (int i = 0; i < skip.Length; i++) skip[i] /= MathF.Sqrt(Layers);
        _skip.Apply(skip, h, rows);
        Activations.Relu(h);
        _output.Apply(h, mels, rows);
        for (int i = 0; i < mels.Length; i++) noise[SourceIndex(i)] = mels[i];
    }

    private float[] StepHidden(int timestep, ReadOnlySpan<int> labels)
    {
        float[] inner = new float[HiddenWidth];
        float[] time = new float[HiddenWidth];
        _timeIn.Apply(StepEmbedding.Sinusoid(timestep, EmbeddingLength), inner, 1);
        Activations.Silu(inner);
        _timeOut.Apply(inner, time, 1);
        float[] step = new float[labels.Length * HiddenWidth];
        for (int b = 0; b < labels.Length; b++)
        {
            for (int c = 0; c < HiddenWidth; c++) step[(b * HiddenWidth) + c] = time[c] + _classes[(labels[b] * HiddenWidth) + c];
        }

        Activations.Silu(step);
        return step;
    }

    private static void Run(Layer layer, float[] step, float[] h, float[] skip, Buffers buffers)
    {
        int rows = h.Length / Channels;
        layer.Step.Apply(step, buffers.StepBias, rows / Frames);
        Unfold(h, buffers.StepBias, layer.Dilation, buffers.Unfolded);
        layer.Dilated.Apply(buffers.Unfolded, buffers.Pair, rows);
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> pair = buffers.Pair.AsSpan(row * 2 * Channels, 2 * Channels);
            Activations.Gate(pair[..Channels], pair[Channels..], buffers.Gated.AsSpan(row * Channels, Channels));
        }

        layer.Output.Apply(buffers.Gated, buffers.Pair, rows);
        float half = 1f / MathF.Sqrt(2);
        for (int row = 0; row < rows; row++)
        {
            for (int c = 0; c < Channels; c++)
            {
                int at = (row * Channels) + c;
                h[at] = (h[at] + buffers.Pair[(row * 2 * Channels) + c]) * half;
                skip[at] += buffers.Pair[(row * 2 * Channels) + Channels + c];
            }
        }
    }

    // Row n gets the inputs of its taps, h + step bias at frames n - d, n, n + d; zeros outside the sample.
    private static void Unfold(float[] h, float[] stepBias, int dilation, float[] unfolded)
    {
        for (int row = 0; row < h.Length / Channels; row++)
        {
            ReadOnlySpan<float> bias = stepBias.AsSpan(row / Frames * Channels, Channels);
            for (int tap = 0; tap < Taps; tap++)
            {
                int shift = (tap - 1) * dilation;
                int frame = (row % Frames) + shift;
                Span<float> target = unfolded.AsSpan(((row * Taps) + tap) * Channels, Channels);
                if (frame is < 0 or >= Frames) target.Clear();
                else
                {
                    ReadOnlySpan<float> source = h.AsSpan((row + shift) * Channels, Channels);
                    for (int c = 0; c < Channels; c++) target[c] = source[c] + bias[c];
                }
            }
        }
    }

    // Element i of [batch, frame, mel] as an index of [batch, mel, frame].
    private static int SourceIndex(int i)
    {
        (int sample, int inside) = (i / (Mels * Frames), i % (Mels * Frames));
        return (sample * Mels * Frames) + (inside % Mels * Frames) + (inside / Mels);
    }

    private sealed class Buffers(int batch)
    {
        public float[] StepBias { get; } = new float[batch * Channels];

        public float[] Unfolded { get; } = new float[batch * Frames * Taps * Channels];

        public float[] Pair { get; } = new float[batch * Frames * 2 * Channels];

        public float[] Gated { get; } = new float[batch * Frames * Channels];
    }

    private sealed class Layer
    {
        public Layer(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, int index, LayerTap? tap)
        {
            string prefix = $"residual_layers.{index}.";
            Dilation = 1 << (index % 4);
            Step = DenseLayer.From(weights, prefix + "diffusion_projection", tap);
            Output = DenseLayer.From(weights, prefix + "output_projection", tap);
            float[] byChannel = weights[prefix + "dilated_conv.weight"].Values; // [out, in, tap]; unfolded rows are [tap, in]
            float[] byTap = new float[byChannel.Length];
            for (int i = 0; i < byTap.Length; i++)
            {
                (int output, int inside) = (i / (Taps * Channels), i % (Taps * Channels));
                byTap[i] = byChannel[(output * Taps * Channels) + (inside % Channels * Taps) + (inside / Channels)];
            }

            Dilated = new DenseLayer(byTap, weights[prefix + "dilated_conv.bias"].Values, 2 * Channels, Taps * Channels)
            {
                Name = prefix + "dilated_conv.weight",
                Tap = tap is null ? null : (layer, rows, features) => tap(layer, ByChannel(rows), features),
            };
        }

        // Unfolded rows are [tap, in], columns of the weight [in, tap].
        private static float[] ByChannel(ReadOnlySpan<float> rows)
        {
            float[] target = new float[rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                (int row, int inside) = (i / (Taps * Channels), i % (Taps * Channels));
                target[(row * Taps * Channels) + (inside % Channels * Taps) + (inside / Channels)] = rows[i];
            }

            return target;
        }

        public int Dilation { get; }

        public DenseLayer Step { get; }

        public DenseLayer Dilated { get; }

        public DenseLayer Output { get; }
    }
}
