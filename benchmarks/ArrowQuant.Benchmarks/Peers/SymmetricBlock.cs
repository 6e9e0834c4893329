namespace ArrowQuant.Benchmarks.Peers;

/// <summary>
/// Signed codes and one binary16 step per block: ggml's Q4_0, whose step is the value of largest magnitude over -8, and Q8_0, whose step is
/// the largest magnitude over 127.
/// </summary>
internal sealed class SymmetricBlock(string name, int bits, int length) : IPeerType
{
    public string Name => name;

    public int BlockLength => length;

    public double BitsPerWeight => bits + 16.0 / length;

    public void Round(ReadOnlySpan<float> block, Span<float> decoded)
    {
        float extreme = 0f;
        foreach (float value in block)
            if (MathF.Abs(value) > MathF.Abs(extreme)) extreme = value;
        int half = 1 << bits - 1;
        float step = (float)(Half)(bits == 4 ? extreme / -half : MathF.Abs(extreme) / (half - 1));
        if (step == 0) { decoded.Clear(); return; }
        for (int i = 0; i < block.Length; i++) decoded[i] = Math.Clamp(MathF.Round(block[i] / step), -half, half - 1) * step;
    }
}
