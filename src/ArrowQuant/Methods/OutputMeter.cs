using ArrowQuant.Kernels;
using ArrowQuant.Quality;

namespace ArrowQuant.Methods;

/// <summary>Compares a layer's outputs with original and decoded weights on some input rows. Thread-safe.</summary>
/// <param name="kernels">The kernels.</param>
/// <param name="samples">The input rows.</param>
internal sealed class OutputMeter(KernelSet kernels, ActivationSamples samples)
{
    /// <summary>The input rows.</summary>
    public ActivationSamples Samples => samples;

    /// <summary>The outputs [samples, rows] of [rows, features] weights.</summary>
    public float[] OutputsOf(ReadOnlySpan<float> weights) => ProductOf(samples.Rows, weights);

    /// <summary>The outputs [samples, rows] that original weights have in the original model.</summary>
    public float[] ExpectedOf(ReadOnlySpan<float> weights) => ProductOf(samples.Original ?? samples.Rows, weights);

    private float[] ProductOf(float[] inputs, ReadOnlySpan<float> weights)
    {
        int rows = weights.Length / samples.Features;
        float[] outputs = new float[(long)samples.Count * rows];
        kernels.Algebra.MatMulTransposed(inputs, weights, outputs, samples.Count, samples.Features, rows, threads: 1);
        return outputs;
    }

    /// <summary>
    /// For every row the factor &lt;y, y&gt; / &lt;y, y^&gt; over weighted samples that takes the bias out of its outputs; the caller
    /// bounds it. NaN where the row's outputs are zero or do not point the same way.
    /// </summary>
    public double[] GainsOf(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded)
    {
        int rows = original.Length / samples.Count;
        double[] energy = new double[rows];
        double[] product = new double[rows];
        for (int i = 0; i < samples.Count; i++)
        {
            double weight = samples.Weights[i];
            for (int r = 0; r < rows; r++)
            {
                double y = original[i * rows + r];
                energy[r] += weight * (y * y);
                product[r] += weight * (y * decoded[i * rows + r]);
            }
        }

        for (int r = 0; r < rows; r++) energy[r] = energy[r] > 0 && product[r] > 0 ? energy[r] / product[r] : double.NaN;
        return energy;
    }

    /// <summary>Adds the sums over [samples, rows] outputs to those of each time group.</summary>
    /// <param name="original">Outputs with original weights.</param>
    /// <param name="decoded">Outputs with decoded weights.</param>
    /// <param name="shifts">What a corrected bias adds to each row's decoded output, or empty.</param>
    /// <param name="sums">One per time group.</param>
    public void Add(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded, ReadOnlySpan<float> shifts, Span<OutputSums> sums)
    {
        int rows = original.Length / samples.Count;
        for (int i = 0; i < samples.Count; i++)
        {
            ref OutputSums sum = ref sums[samples.Groups[i]];
            for (int r = 0; r < rows; r++)
            {
                double y = original[i * rows + r];
                double z = decoded[i * rows + r] + (shifts.IsEmpty ? 0.0 : shifts[r]);
                sum.Product += y * z;
                sum.Original += y * y;
                sum.Decoded += z * z;
                sum.Error += (y - z) * (y - z);
            }
        }
    }
}
