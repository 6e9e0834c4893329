namespace ArrowQuant.Tests.TestKit;

/// <summary>
/// Plain min-max rounding, written for the tests alone: the known grid whose damage the judges must measure. Groups of 128 along the row,
/// unsigned codes, integer zero point.
/// </summary>
internal static class MinMaxRounding
{
    private const int GroupSize = 128;

    /// <summary>The model with the named layers' weights rounded to 2^bits levels a group; everything else unchanged.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> Apply(
        Dictionary<string, (long[] Shape, float[] Values)> weights, IEnumerable<string> layers, int bits)
    {
        Dictionary<string, (long[] Shape, float[] Values)> rounded = new(weights);
        foreach (string layer in layers)
        {
            (long[] shape, float[] original) = weights[layer + ".weight"];
            float[] values = (float[])original.Clone();
            int columns = values.Length / (int)shape[0];
            for (int row = 0; row < values.Length; row += columns)
            {
                for (int start = 0; start < columns; start += GroupSize)
                    Round(values.AsSpan(row + start, Math.Min(GroupSize, columns - start)), (1 << bits) - 1);
            }

            rounded[layer + ".weight"] = (shape, values);
        }

        return rounded;
    }

    private static void Round(Span<float> group, int largestCode)
    {
        (float min, float max) = (0f, 0f); // the grid holds zero
        foreach (float value in group) (min, max) = (Math.Min(min, value), Math.Max(max, value));
        if (min == max) return;
        float scale = (max - min) / largestCode;
        float zeroPoint = MathF.Round(-min / scale);
        foreach (ref float value in group) value = (Math.Clamp(MathF.Round(value / scale) + zeroPoint, 0, largestCode) - zeroPoint) * scale;
    }
}
