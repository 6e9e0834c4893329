namespace ArrowQuant.Kernels;

/// <summary>
/// From codes of one group to weights. The arithmetic is single precision, one rounding per operation, so that every reader gets equal bits.
/// </summary>
internal static class Dequantize
{
    /// <summary><c>w = (q - zeroPoint) * scale</c>.</summary>
    public static void Affine(ReadOnlySpan<byte> codes, float scale, float zeroPoint, Span<float> weights)
    {
        for (int i = 0; i < codes.Length; i++) weights[i] = (codes[i] - zeroPoint) * scale;
    }

    /// <summary>
    /// <c>w = (mu ± a1) ± a2</c>, code bit 1 for +a1, bit 0 for +a2; so with a1 >= a2 >= 0 codes ascend with the value. Without an offset mu is 0.
    /// </summary>
    public static void Lattice(ReadOnlySpan<byte> codes, float mu, float a1, float a2, Span<float> weights)
    {
        float low = mu - a1;
        float high = mu + a1;
        for (int i = 0; i < codes.Length; i++)
        {
            float coarse = (codes[i] & 2) != 0 ? high : low;
            weights[i] = (codes[i] & 1) != 0 ? coarse + a2 : coarse - a2;
        }
    }
}
