namespace ArrowQuant.TestKit;

/// <summary>The forward pass of the sample llada-kjv, as its FORWARD.md says: bytes and masks in, logits over 257 ids out.</summary>
public sealed class LladaModel
{
    /// <summary>Ids 0..255 are bytes, 256 is the mask.</summary>
    public const int Vocabulary = 257;

    /// <summary>The id of a masked byte.</summary>
    public const int Mask = 256;

    private const string Prefix = "model.transformer.";
    private const int Width = 192;
    private const int Heads = 6;
    private const int HeadSize = Width / Heads;
    private const int MlpWidth = 512;
    private const int Depth = 5;
    private const float Epsilon = 1e-5f;
    private const double RopeTheta = 10000;

    private readonly float[] _embedding;
    private readonly float[] _finalNorm;
    private readonly DenseLayer _output;
    private readonly Block[] _blocks;

    /// <summary>Builds the model from tensors by name, the original ones or decoded ones.</summary>
    /// <exception cref="KeyNotFoundException">A tensor is missing.</exception>
    public LladaModel(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
    {
        _embedding = weights[Prefix + "wte.weight"].Values;
        _finalNorm = weights[Prefix + "ln_f.weight"].Values;
        _output = DenseLayer.From(weights, Prefix + "ff_out");
        _blocks = [.. Enumerable.Range(0, Depth).Select(i => new Block(weights, $"{Prefix}blocks.{i}."))];
    }

    /// <summary>
    /// Called with the name and a copy of intermediate values, named as in reference.safetensors without <c>debug.</c>; may be null.
    /// </summary>
    public Action<string, float[]>? Observe { get; init; }

    /// <summary>The logits [ids.Length, 257] of sequences of <paramref name="length"/> ids, one after the other.</summary>
    /// <exception cref="ArgumentException">The ids are no whole number of sequences.</exception>
    public float[] Logits(ReadOnlySpan<int> ids, int length)
    {
        if (ids.Length % length != 0)
            throw new ArgumentException($"{ids.Length} ids are no whole number of sequences of {length}", nameof(ids));
        int rows = ids.Length;
        float[] h = new float[rows * Width];
        for (int row = 0; row < rows; row++) _embedding.AsSpan(ids[row] * Width, Width).CopyTo(h.AsSpan(row * Width));
        float[] z = new float[rows * Width];
        float[][] projected = [new float[rows * Width], new float[rows * Width], new float[rows * Width]];
        float[] gate = new float[rows * MlpWidth];
        float[] up = new float[rows * MlpWidth];
        (float[] cosines, float[] sines) = RopeTables(length);
        for (int i = 0; i < Depth; i++)
        {
            Attend(i, h, z, projected, cosines, sines, length);
            FeedForward(_blocks[i], h, z, gate, up, projected[0]);
            Report($"block{i}.out", h);
        }

        Normalize(h, _finalNorm, z);
        Report("ln_f", z);
        float[] logits = new float[rows * Vocabulary];
        _output.Apply(z, logits, rows);
        return logits;
    }

    private void Attend(int index, float[] h, float[] z, float[][] projected, float[] cosines, float[] sines, int length)
    {
        Block block = _blocks[index];
        int rows = h.Length / Width;
        (float[] q, float[] k, float[] v) = (projected[0], projected[1], projected[2]);
        Normalize(h, block.AttentionNorm, z);
        if (index == 0) Report("block0.attn_norm", z);
        block.Query.Apply(z, q, rows);
        block.Key.Apply(z, k, rows);
        block.Value.Apply(z, v, rows);
        Rotate(q, cosines, sines, length);
        Rotate(k, cosines, sines, length);
        if (index == 0) Report("block0.q_rope", q);
        for (int start = 0; start < h.Length; start += length * Width)
            SelfAttention.Apply(q.AsSpan(start), k.AsSpan(start), v.AsSpan(start), Width, length, Heads, HeadSize, z.AsSpan(start));
        block.AttentionOut.Apply(z, q, rows);
        for (int i = 0; i < h.Length; i++) h[i] += q[i];
    }

    private static void FeedForward(Block block, float[] h, float[] z, float[] gate, float[] up, float[] result)
    {
        int rows = h.Length / Width;
        Normalize(h, block.FeedForwardNorm, z);
        block.FeedForward.Apply(z, gate, rows);
        block.Up.Apply(z, up, rows);
        Activations.Silu(gate);
        for (int i = 0; i < gate.Length; i++) gate[i] *= up[i];
        block.FeedForwardOut.Apply(gate, result, rows);
        for (int i = 0; i < h.Length; i++) h[i] += result[i];
    }

    private static void Normalize(float[] x, float[] weight, float[] target)
    {
        for (int start = 0; start < x.Length; start += Width)
        {
            float squares = 0;
            for (int c = 0; c < Width; c++) squares += x[start + c] * x[start + c];
            float factor = 1f / MathF.Sqrt((squares / Width) + Epsilon);
            for (int c = 0; c < Width; c++) target[start + c] = x[start + c] * weight[c] * factor;
        }
    }

    // The rotate-half convention: element m of a head is paired with element m + headSize / 2.
    private static void Rotate(float[] x, float[] cosines, float[] sines, int length)
    {
        const int Half = HeadSize / 2;
        for (int row = 0; row < x.Length / Width; row++)
        {
            int angle = row % length * Half;
            for (int head = 0; head < Heads; head++)
            {
                int at = (row * Width) + (head * HeadSize);
                for (int m = 0; m < Half; m++)
                {
                    (float first, float second) = (x[at + m], x[at + m + Half]);
                    x[at + m] = (first * cosines[angle + m]) - (second * sines[angle + m]);
                    x[at + m + Half] = (second * cosines[angle + m]) + (first * sines[angle + m]);
                }
            }
        }
    }

    private static (float[] Cosines, float[] Sines) RopeTables(int length)
    {
        const int Half = HeadSize / 2;
        float[] cosines = new float[length * Half];
        float[] sines = new float[length * Half];
        for (int i = 0; i < cosines.Length; i++)
        {
            float angle = i / Half * (float)Math.Pow(RopeTheta, -2.0 * (i % Half) / HeadSize);
            (sines[i], cosines[i]) = MathF.SinCos(angle);
        }

        return (cosines, sines);
    }

    private void Report(string name, float[] values) => Observe?.Invoke(name, (float[])values.Clone());

    private sealed class Block(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, string prefix)
    {
        public float[] AttentionNorm { get; } = weights[prefix + "attn_norm.weight"].Values;

        public float[] FeedForwardNorm { get; } = weights[prefix + "ff_norm.weight"].Values;

        public DenseLayer Query { get; } = DenseLayer.From(weights, prefix + "q_proj");

        public DenseLayer Key { get; } = DenseLayer.From(weights, prefix + "k_proj");

        public DenseLayer Value { get; } = DenseLayer.From(weights, prefix + "v_proj");

        public DenseLayer AttentionOut { get; } = DenseLayer.From(weights, prefix + "attn_out");

        public DenseLayer FeedForward { get; } = DenseLayer.From(weights, prefix + "ff_proj");

        public DenseLayer Up { get; } = DenseLayer.From(weights, prefix + "up_proj");

        public DenseLayer FeedForwardOut { get; } = DenseLayer.From(weights, prefix + "ff_out");
    }
}
