namespace ArrowQuant.TestKit;

/// <summary>Deterministic DDIM (eta 0, nothing clipped) over 1000 steps of linear betas 1e-4..0.02.</summary>
public static class DdimSampler
{
    private const int TrainSteps = 1000;
    private const int SamplesAtOnce = 10; // activations of a batch stay in the second-level cache

    /// <summary>The product of 1 - beta up to each timestep, [1000].</summary>
    public static IReadOnlyList<double> AlphasCumulated { get; } = Cumulate();

    /// <summary>The timesteps in the order they are taken: (steps - 1) * 1000 / steps, ..., 0.</summary>
    public static int[] Timesteps(int steps) => [.. Enumerable.Range(0, steps).Select(i => (steps - 1 - i) * (TrainSteps / steps))];

    /// <summary>
    /// Samples from <paramref name="noise"/> [labels.Length, SampleLength] in parallel and returns [labels.Length, SampleLength], not
    /// clamped.
    /// </summary>
    public static float[] Sample(INoisePredictor model, ReadOnlyMemory<float> noise, ReadOnlyMemory<int> labels, int steps = 20)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(noise.Length, labels.Length * model.SampleLength, nameof(noise));
        float[] samples = noise.ToArray();
        int batches = (labels.Length + SamplesAtOnce - 1) / SamplesAtOnce;
        Parallel.For(0, batches, batch =>
        {
            int first = batch * SamplesAtOnce;
            int count = Math.Min(SamplesAtOnce, labels.Length - first);
            Denoise(model, samples.AsSpan(first * model.SampleLength, count * model.SampleLength), labels.Span.Slice(first, count), steps);
        });
        return samples;
    }

    private static void Denoise(INoisePredictor model, Span<float> x, ReadOnlySpan<int> labels, int steps)
    {
        float[] noise = new float[x.Length];
        int[] timesteps = Timesteps(steps);
        for (int step = 0; step < steps; step++)
        {
            model.Predict(x, timesteps[step], labels, noise);
            double now = AlphasCumulated[timesteps[step]];
            double next = step + 1 < steps ? AlphasCumulated[timesteps[step + 1]] : 1;
            for (int i = 0; i < x.Length; i++)
            {
                double clean = (x[i] - (Math.Sqrt(1 - now) * noise[i])) / Math.Sqrt(now);
                x[i] = (float)((Math.Sqrt(next) * clean) + (Math.Sqrt(1 - next) * noise[i]));
            }
        }
    }

    private static double[] Cumulate()
    {
        double[] products = new double[TrainSteps];
        double product = 1;
        for (int t = 0; t < TrainSteps; t++)
        {
            double beta = 1e-4 + ((0.02 - 1e-4) * t / (TrainSteps - 1));
            products[t] = product *= 1 - beta;
        }

        return products;
    }
}
