namespace ArrowQuant.TestKit;

/// <summary>The Frechet distance of two Gaussians: |m - m_r|² + tr(C + C_r - 2 (C_r^1/2 C C_r^1/2)^1/2).</summary>
public static class FrechetDistance
{
    /// <summary>
    /// The distance of the mean and covariance (divided by n - 1) of <paramref name="features"/> [n, size] from the reference ones.
    /// </summary>
    /// <exception cref="ArgumentException">Less than two rows of features.</exception>
    public static double Between(ReadOnlySpan<float> features, ReadOnlySpan<float> referenceMean, ReadOnlySpan<float> referenceCovariance)
    {
        int size = referenceMean.Length;
        int count = features.Length / size;
        if (count < 2) throw new ArgumentException($"{count} rows have no covariance", nameof(features));
        (double[] mean, double[] covariance) = Moments(features, count, size);
        double[] reference = new double[size * size];
        for (int i = 0; i < reference.Length; i++) reference[i] = referenceCovariance[i];
        double distance = 0;
        for (int i = 0; i < size; i++)
        {
            double shift = mean[i] - referenceMean[i];
            distance += (shift * shift) + covariance[(i * size) + i] + reference[(i * size) + i];
        }

        double[] root = SymmetricEigen.SquareRoot(reference, size);
        (double[] values, _) = SymmetricEigen.Decompose(Multiply(Multiply(root, covariance, size), root, size), size);
        return distance - (2 * values.Sum(value => Math.Sqrt(Math.Max(value, 0))));
    }

    private static (double[] Mean, double[] Covariance) Moments(ReadOnlySpan<float> features, int count, int size)
    {
        double[] mean = new double[size];
        for (int i = 0; i < count * size; i++) mean[i % size] += (double)features[i] / count;
        double[] covariance = new double[size * size];
        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<float> values = features.Slice(row * size, size);
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++) covariance[(i * size) + j] += (values[i] - mean[i]) * (values[j] - mean[j]) / (count - 1);
        }

        return (mean, covariance);
    }

    private static double[] Multiply(double[] a, double[] b, int size)
    {
        double[] product = new double[size * size];
        for (int i = 0; i < size; i++)
            for (int k = 0; k < size; k++)
                for (int j = 0; j < size; j++) product[(i * size) + j] += a[(i * size) + k] * b[(k * size) + j];
        return product;
    }
}
