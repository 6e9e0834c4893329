namespace ArrowQuant.Benchmarks.Peers;

/// <summary>
/// NF4 of QLoRA (arXiv 2305.14314, appendix E): 16 levels at quantiles of the normal distribution, times the largest magnitude of a block.
/// </summary>
internal sealed class NormalFloat4(int length) : IPeerType
{
    private static readonly float[] Levels =
    [
        -1f, -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f, -0.09105004f, 0f,
        0.0795803f, 0.1609302f, 0.24611230f, 0.33791524f, 0.44070983f, 0.5626170f, 0.72295684f, 1f,
    ];

    public string Name => "NF4";

    public int BlockLength => length;

    public double BitsPerWeight => 4 + 16.0 / length;

    public void Round(ReadOnlySpan<float> block, Span<float> decoded)
    {
        float largest = 0f;
        foreach (float value in block) largest = MathF.Max(largest, MathF.Abs(value));
        float scale = (float)(Half)largest;
        for (int i = 0; i < block.Length; i++)
        {
            float best = 0f;
            foreach (float level in Levels)
                if (MathF.Abs(level * scale - block[i]) < MathF.Abs(best - block[i])) best = level * scale;
            decoded[i] = best;
        }
    }
}
