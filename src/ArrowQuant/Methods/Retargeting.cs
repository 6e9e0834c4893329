using ArrowQuant.Kernels;

namespace ArrowQuant.Methods;

/// <summary>
/// Aims a layer at what the original model computes from inputs that quantized layers have changed: instead of W the compensated coder gets
/// <c>V = W + W (X - X_q)^T X_q (X_q^T X_q + lam I)^-1</c>, the ridge regression of the original outputs W x on the changed inputs x_q,
/// lam being .3 of the mean diagonal.
/// </summary>
internal static class Retargeting
{
    private const float Damping = 0.3f;

    /// <summary>Bytes that <see cref="MatrixOf"/> holds at once.</summary>
    public static long BytesOf(int columns) => 5L * columns * columns * sizeof(float);

    /// <summary>
    /// [features, features], the transpose of <c>(X - X_q)^T X_q (X_q^T X_q + lam I)^-1</c>; null where inputs are all zero or cannot be
    /// factored.
    /// </summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="samples">Changed inputs with the original ones.</param>
    /// <param name="threads">Threads; no result depends on it.</param>
    public static float[]? MatrixOf(KernelSet kernels, ActivationSamples samples, int threads)
    {
        int d = samples.Features;
        int n = samples.Count;
        double mean = samples.SquareMeans().Average();
        if (!(mean > 0) || !double.IsFinite(mean)) return null;
        float[] weights = [.. samples.Weights.Select(weight => (float)(weight / mean))];
        float[] h = new float[(long)d * d];
        kernels.Algebra.Gram(samples.Rows, d, weights, h, threads);
        HessianFactor.KeepDeadColumnsApart(h, d);
        float[] factor = new float[h.Length];
        if (!kernels.Algebra.TryFactorInverse(h, d, Damping, factor, threads)) return null;
        float[] changed = new float[(long)d * n];
        float[] lost = new float[changed.Length];
        for (int i = 0; i < n; i++)
        {
            for (int c = 0; c < d; c++)
            {
                float value = samples.Rows[i * d + c];
                changed[(long)c * n + i] = value;
                lost[(long)c * n + i] = (samples.Original![i * d + c] - value) * weights[i];
            }
        }

        float[] cross = new float[h.Length];
        kernels.Algebra.MatMulTransposed(lost, changed, cross, d, n, d, threads);
        kernels.Algebra.MatMulTransposed(cross, factor, h, d, d, d, threads);
        float[] transposed = Transposed(factor, d);
        kernels.Algebra.MatMulTransposed(transposed, h, cross, d, d, d, threads);
        return cross;
    }

    /// <summary>V of [rows, features] weights W.</summary>
    public static float[] Apply(KernelSet kernels, ReadOnlySpan<float> weights, float[] matrix, int features)
    {
        float[] target = new float[weights.Length];
        kernels.Algebra.MatMulTransposed(weights, matrix, target, weights.Length / features, features, features, threads: 1);
        for (int i = 0; i < target.Length; i++) target[i] += weights[i];
        return target;
    }

    private static float[] Transposed(float[] matrix, int d)
    {
        float[] transposed = new float[matrix.Length];
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++) transposed[(long)j * d + i] = matrix[(long)i * d + j];
        }

        return transposed;
    }
}
