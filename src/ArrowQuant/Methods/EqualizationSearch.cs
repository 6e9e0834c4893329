using ArrowQuant.Kernels;

namespace ArrowQuant.Methods;

/// <summary>
/// Searches the channel scales s of a layer: weights are divided and inputs multiplied by them, so that grids fit better where inputs are
/// large. <c>s_j = wmax_j^(1-alpha) / xmax_j^alpha</c> (SmoothQuant, arXiv 2211.10438; PTQ4DiT, arXiv 2405.16005), geometric mean 1;
/// alpha is searched, and no scales at all is one of the candidates.
/// </summary>
/// <param name="samples">Inputs that the layer is fitted on.</param>
/// <param name="channels">Input channels; each has features / channels columns (the taps of a convolution).</param>
internal sealed class EqualizationSearch(ActivationSamples samples, int channels)
{
    private const int Steps = 20;
    private const double Advantage = 0.01;
    private const double SmallestScale = 1e-4;
    private const double LargestScale = 1e4;

    /// <summary>The scales with the least output error, at storage precision; null when they do not beat none by more than 1 %.</summary>
    /// <param name="weights">[rows, features] sample of the layer's rows.</param>
    /// <param name="trial">
    /// Relative output error of the sample when it is quantized with some scales (null for none), weighing columns by the given importance.
    /// </param>
    public (float[] Scales, double Alpha)? Find(ReadOnlySpan<float> weights, Func<float[]?, float[], double> trial)
    {
        // One channel for all columns, as in a depthwise convolution, is a factor that grids absorb.
        if (channels < 2) return null;
        double[] diagonal = samples.SquareMeans();
        double[] weightMax = LargestPerChannel(weights);
        double[] inputMax = LargestPerChannel(samples.Rows);
        double best = trial(null, HessianFactor.Importance(diagonal)) * (1 - Advantage);
        (float[], double)? chosen = null;
        for (int step = 1; step <= Steps; step++)
        {
            double alpha = (double)step / Steps;
            float[] scales = ScalesAt(alpha, weightMax, inputMax);
            int perChannel = samples.Features / channels;
            double[] scaled = [.. diagonal.Select((value, column) => value * scales[column / perChannel] * scales[column / perChannel])];
            double error = trial(scales, HessianFactor.Importance(scaled));
            if (error >= best) continue;
            best = error;
            chosen = (scales, alpha);
        }

        return chosen;
    }

    private double[] LargestPerChannel(ReadOnlySpan<float> rows)
    {
        double[] largest = new double[channels];
        int perChannel = samples.Features / channels;
        for (int i = 0; i < rows.Length; i++)
        {
            int channel = i % samples.Features / perChannel;
            largest[channel] = Math.Max(largest[channel], Math.Abs(rows[i]));
        }

        return largest;
    }

    private static float[] ScalesAt(double alpha, double[] weightMax, double[] inputMax)
    {
        double[] logs = new double[weightMax.Length];
        bool[] usable = [.. weightMax.Select((w, j) => w > 0 && inputMax[j] > 0)];
        for (int j = 0; j < logs.Length; j++)
            logs[j] = usable[j] ? (1 - alpha) * Math.Log(weightMax[j]) - alpha * Math.Log(inputMax[j]) : 0;
        int count = usable.Count(u => u);
        double mean = count == 0 ? 0 : logs.Sum() / count;
        return [.. logs.Select((log, j) =>
            usable[j] ? FloatStorage.Round((float)Math.Clamp(Math.Exp(log - mean), SmallestScale, LargestScale)) : 1f)];
    }
}
