namespace ArrowQuant.TestKit;

/// <summary>The sinusoid of a timestep: cosines first, then sines, computed in float32 as the models were trained.</summary>
internal static class StepEmbedding
{
    private const double Base = 10000;

    /// <summary>
    /// <c>[cos(t f_0) .. , sin(t f_0) ..]</c> of <paramref name="length"/> values, f_k = exp(-ln(10000) k / (length / 2)).
    /// </summary>
    public static float[] Sinusoid(int timestep, int length)
    {
        float[] values = new float[length];
        int half = length / 2;
        for (int k = 0; k < half; k++)
        {
            float angle = timestep * (float)Math.Exp(-Math.Log(Base) * k / half);
            values[k] = MathF.Cos(angle);
            values[half + k] = MathF.Sin(angle);
        }

        return values;
    }
}
