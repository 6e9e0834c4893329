using ArrowQuant.Methods;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

/// <summary>Made-up inputs of layers.</summary>
internal static class Inputs
{
    /// <summary>[count, features] rows of correlated channels whose sizes spread from 1 to <paramref name="spread"/>.</summary>
    public static float[] Correlated(int count, int features, double spread, ulong seed)
    {
        SeededNumbers numbers = new(seed);
        float[] rows = numbers.Gaussian(count * features);
        for (int i = 0; i < count; i++)
        {
            Span<float> row = rows.AsSpan(i * features, features);
            for (int c = 1; c < features; c++) row[c] = 0.6f * row[c] + 0.8f * row[c - 1];
            for (int c = 0; c < features; c++) row[c] *= (float)Math.Pow(spread, c * 7 % features / Math.Max(1.0, features - 1));
        }

        return rows;
    }

    /// <summary>One time group, every row the same weight.</summary>
    public static ActivationSamples Pooled(float[] rows, int features) =>
        ActivationSamples.Pooled(rows, features, new int[rows.Length / features], 1);

    /// <summary>Unit vectors: their Hessian is a multiple of the identity, exactly.</summary>
    public static ActivationSamples Whitened(int features, float length = 1)
    {
        float[] rows = new float[features * features];
        for (int i = 0; i < features; i++) rows[i * features + i] = length;
        return Pooled(rows, features);
    }

    /// <summary>
    /// Inputs over ten time groups, as many rows in each: energies grow a million fold with the timestep, and every group has outlier
    /// channels of its own.
    /// </summary>
    public static ActivationSamples MovingOutliers(int rowsPerGroup, int features, ulong seed)
    {
        const int Groups = 10;
        SeededNumbers numbers = new(seed);
        float[] rows = new float[Groups * rowsPerGroup * features];
        int[] groups = [.. Enumerable.Range(0, Groups * rowsPerGroup).Select(i => i / rowsPerGroup)];
        for (int i = 0; i < groups.Length; i++)
        {
            int k = groups[i];
            double size = Math.Pow(10, -1.5 + 3.0 * k / (Groups - 1));
            Span<float> row = rows.AsSpan(i * features, features);
            double carried = 0;
            for (int c = 0; c < features; c++)
            {
                carried = 0.8 * carried + 0.6 * numbers.Gaussian();
                double outlier = c % (2 * Groups) == 2 * k ? 6 : 1;
                row[c] = (float)(size * outlier * carried);
            }
        }

        return ActivationSamples.Pooled(rows, features, groups, Groups);
    }
}
