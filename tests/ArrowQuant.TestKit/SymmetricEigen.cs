namespace ArrowQuant.TestKit;

/// <summary>Eigenvalues and square roots of small symmetric matrices by cyclic Jacobi rotations, row-major in one array.</summary>
public static class SymmetricEigen
{
    private const int MaxSweeps = 64;

    /// <summary>
    /// A = V diag(values) Vᵀ; column j of the [size, size] vectors belongs to value j. Values are in no particular order.
    /// </summary>
    /// <exception cref="ArithmeticException">The rotations did not converge: a value is not finite.</exception>
    public static (double[] Values, double[] Vectors) Decompose(ReadOnlySpan<double> matrix, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(matrix.Length, size * size, nameof(matrix));
        double[] a = matrix.ToArray();
        double[] v = new double[size * size];
        for (int i = 0; i < size; i++) v[(i * size) + i] = 1;
        double norm = a.Sum(value => value * value);
        for (int sweep = 0; sweep < MaxSweeps; sweep++)
        {
            double off = 0;
            for (int p = 0; p < size; p++)
                for (int q = p + 1; q < size; q++) off += a[(p * size) + q] * a[(p * size) + q];
            if (off <= norm * 1e-30) return ([.. Enumerable.Range(0, size).Select(i => a[(i * size) + i])], v);
            for (int p = 0; p < size; p++)
                for (int q = p + 1; q < size; q++) Rotate(a, v, size, p, q);
        }

        throw new ArithmeticException($"the {size} x {size} matrix has no eigenvalues that {MaxSweeps} Jacobi sweeps can find");
    }

    /// <summary>The symmetric square root of a positive semidefinite matrix; eigenvalues below zero (rounding) count as zero.</summary>
    public static double[] SquareRoot(ReadOnlySpan<double> matrix, int size)
    {
        (double[] values, double[] vectors) = Decompose(matrix, size);
        double[] root = new double[size * size];
        for (int k = 0; k < size; k++)
        {
            double factor = Math.Sqrt(Math.Max(values[k], 0));
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++) root[(i * size) + j] += factor * vectors[(i * size) + k] * vectors[(j * size) + k];
        }

        return root;
    }

    private static void Rotate(double[] a, double[] v, int size, int p, int q)
    {
        double apq = a[(p * size) + q];
        if (apq == 0) return;
        double theta = (a[(q * size) + q] - a[(p * size) + p]) / (2 * apq);
        double tangent = Math.CopySign(1, theta) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
        double cosine = 1 / Math.Sqrt((tangent * tangent) + 1);
        double sine = tangent * cosine;
        for (int k = 0; k < size; k++) Mix(a, (k * size) + p, (k * size) + q, cosine, sine);
        for (int k = 0; k < size; k++) Mix(a, (p * size) + k, (q * size) + k, cosine, sine);
        for (int k = 0; k < size; k++) Mix(v, (k * size) + p, (k * size) + q, cosine, sine);
    }

    private static void Mix(double[] values, int first, int second, double cosine, double sine)
    {
        (double x, double y) = (values[first], values[second]);
        values[first] = (cosine * x) - (sine * y);
        values[second] = (sine * x) + (cosine * y);
    }
}
