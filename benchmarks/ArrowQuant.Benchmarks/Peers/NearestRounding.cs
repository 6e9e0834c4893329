namespace ArrowQuant.Benchmarks.Peers;

/// <summary>
/// Rounding to the nearest of 2^bits even steps over the range of a group, 0 among them: a binary16 scale, an integer zero point.
/// </summary>
internal sealed class NearestRounding(int bits, int groupSize) : IPeerType
{
    public string Name => $"plain rounding, {bits} bits";

    public int BlockLength => groupSize;

    public double BitsPerWeight => bits + (16.0 + bits) / groupSize;

    public void Round(ReadOnlySpan<float> block, Span<float> decoded)
    {
        int top = (1 << bits) - 1;
        (float low, float high) = (0f, 0f);
        foreach (float value in block) (low, high) = (Math.Min(low, value), Math.Max(high, value));
        float scale = (float)(Half)((high - low) / top);
        if (scale == 0) { decoded.Clear(); return; }
        float zero = Math.Clamp(MathF.Round(-low / scale), 0, top);
        for (int i = 0; i < block.Length; i++) decoded[i] = (Math.Clamp(MathF.Round(block[i] / scale) + zero, 0, top) - zero) * scale;
    }
}
