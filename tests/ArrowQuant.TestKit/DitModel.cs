namespace ArrowQuant.TestKit;

/// <summary>The forward pass of the sample dit-digits, as its FORWARD.md says.</summary>
public sealed class DitModel : INoisePredictor
{
    private const int Side = 8;
    private const int Patch = 2;
    private const int Grid = Side / Patch;
    private const int Tokens = Grid * Grid;
    private const int Width = 192;
    private const int Heads = 6;
    private const int MlpWidth = 768;
    private const int Depth = 4;
    private const int Frequencies = 256;
    private const float Epsilon = 1e-6f;

    private readonly DenseLayer _patchEmbedding;
    private readonly DenseLayer _timeIn;
    private readonly DenseLayer _timeOut;
    private readonly DenseLayer _final;
    private readonly DenseLayer _finalModulation;
    private readonly Block[] _blocks;
    private readonly float[] _positions; // [tokens, width]
    private readonly float[] _classes;   // [11, width]

    /// <summary>
    /// Builds the model from tensors by name, the original ones or decoded ones; the tap is told what its layers are given.
    /// </summary>
    /// <exception cref="KeyNotFoundException">A tensor is missing.</exception>
    public DitModel(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, LayerTap? tap = null)
    {
        _patchEmbedding = DenseLayer.From(weights, "x_embedder.proj", tap);
        _timeIn = DenseLayer.From(weights, "t_embedder.mlp.0", tap);
        _timeOut = DenseLayer.From(weights, "t_embedder.mlp.2", tap);
        _final = DenseLayer.From(weights, "final_layer.linear", tap);
        _finalModulation = DenseLayer.From(weights, "final_layer.adaLN_modulation.1", tap);
        _blocks = [.. Enumerable.Range(0, Depth).Select(i => new Block(weights, $"blocks.{i}.", tap))];
        _positions = weights["pos_embed"].Values;
        _classes = weights["y_embedder.embedding_table.weight"].Values;
    }

    /// <summary>
    /// Called with the name and a copy of intermediate values, named as in reference.safetensors without <c>debug.</c>; may be null.
    /// </summary>
    public Action<string, float[]>? Observe { get; init; }

    /// <inheritdoc/>
    public int SampleLength => Side * Side;

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> x, int timestep, ReadOnlySpan<int> labels, Span<float> noise)
    {
        int batch = labels.Length;
        int rows = batch * Tokens;
        float[] condition = Condition(timestep, labels);
        Activations.Silu(condition);
        float[] h = EmbedPatches(x, batch);
        float[] z = new float[rows * Width];
        float[] branch = new float[rows * Width];
        float[] wide = new float[rows * MlpWidth]; // holds q, k, v too: 3 * Width < MlpWidth
        float[] modulation = new float[batch * 6 * Width];
        for (int i = 0; i < Depth; i++) RunBlock(i, condition, h, z, branch, wide, modulation, batch);
        _finalModulation.Apply(condition, modulation, batch);
        Modulate(h, modulation, 2, 0, z, batch);
        float[] patches = new float[rows * Patch * Patch];
        _final.Apply(z, patches, rows);
        Report("final", patches);
        Unpatchify(patches, noise, batch);
    }

    private float[] Condition(int timestep, ReadOnlySpan<int> labels)
    {
        float[] sinusoid = StepEmbedding.Sinusoid(timestep, Frequencies);
        float[] hidden = new float[Width];
        float[] time = new float[Width];
        _timeIn.Apply(sinusoid, hidden, 1);
        Activations.Silu(hidden);
        _timeOut.Apply(hidden, time, 1);
        Report("timestep_sinusoid", sinusoid);
        Report("t_emb", time);
        float[] condition = new float[labels.Length * Width];
        for (int b = 0; b < labels.Length; b++)
        {
            for (int c = 0; c < Width; c++) condition[(b * Width) + c] = time[c] + _classes[(labels[b] * Width) + c];
        }

        Report("cond", condition);
        return condition;
    }

    private float[] EmbedPatches(ReadOnlySpan<float> x, int batch)
    {
        int rows = batch * Tokens;
        float[] patches = new float[rows * Patch * Patch];
        for (int i = 0; i < patches.Length; i++) patches[i] = x[PixelOf(i)];
        float[] h = new float[rows * Width];
        _patchEmbedding.Apply(patches, h, rows);
        Report("patch_embed", h);
        for (int i = 0; i < h.Length; i++) h[i] += _positions[i % (Tokens * Width)];
        return h;
    }

    private void RunBlock(int index, float[] condition, float[] h, float[] z, float[] branch, float[] wide, float[] modulation, int batch)
    {
        Block block = _blocks[index];
        int rows = batch * Tokens;
        block.Modulation.Apply(condition, modulation, batch);
        Modulate(h, modulation, 6, 0, z, batch);
        if (index == 0) Report("block0.modulation", modulation);
        if (index == 0) Report("block0.attn_in", z);
        block.Qkv.Apply(z, wide, rows);
        for (int b = 0; b < batch; b++)
        {
            ReadOnlySpan<float> qkv = wide.AsSpan(b * Tokens * 3 * Width, Tokens * 3 * Width);
            SelfAttention.Apply(qkv, qkv[Width..], qkv[(2 * Width)..], 3 * Width, Tokens, Heads, Width / Heads,
                z.AsSpan(b * Tokens * Width));
        }

        block.Projection.Apply(z, branch, rows);
        if (index == 0) Report("block0.attn_out", branch);
        AddGated(h, branch, modulation, 2, batch);
        Modulate(h, modulation, 6, 3, z, batch);
        block.MlpIn.Apply(z, wide, rows);
        Activations.GeluTanh(wide);
        block.MlpOut.Apply(wide, branch, rows);
        AddGated(h, branch, modulation, 5, batch);
        Report($"block{index}.out", h);
    }

    // z = LN(h) * (1 + scale) + shift; shift is chunk `shiftChunk` of the sample's modulation, scale the next one.
    private static void Modulate(float[] h, float[] modulation, int chunks, int shiftChunk, float[] z, int batch)
    {
        for (int row = 0; row < batch * Tokens; row++)
        {
            ReadOnlySpan<float> source = h.AsSpan(row * Width, Width);
            ReadOnlySpan<float> shift = modulation.AsSpan(((row / Tokens * chunks) + shiftChunk) * Width, 2 * Width);
            ReadOnlySpan<float> scale = shift[Width..];
            Span<float> target = z.AsSpan(row * Width, Width);
            float mean = 0, variance = 0;
            foreach (float value in source) mean += value;
            mean /= Width;
            foreach (float value in source) variance += (value - mean) * (value - mean);
            float factor = 1f / MathF.Sqrt((variance / Width) + Epsilon);
            for (int c = 0; c < Width; c++) target[c] = ((source[c] - mean) * factor * (1f + scale[c])) + shift[c];
        }
    }

    private static void AddGated(float[] h, float[] branch, float[] modulation, int gateChunk, int batch)
    {
        for (int row = 0; row < batch * Tokens; row++)
        {
            ReadOnlySpan<float> gate = modulation.AsSpan(((row / Tokens * 6) + gateChunk) * Width, Width);
            ReadOnlySpan<float> source = branch.AsSpan(row * Width, Width);
            Span<float> target = h.AsSpan(row * Width, Width);
            for (int c = 0; c < Width; c++) target[c] += gate[c] * source[c];
        }
    }

    private static void Unpatchify(float[] patches, Span<float> noise, int batch)
    {
        for (int i = 0; i < batch * Side * Side; i++) noise[PixelOf(i)] = patches[i];
    }

    // Element i of [batch, tokens, patch row, patch column] as an index of [batch, row, column]; with one channel (c,i,j) and (i,j,c)
    // are the same.
    private static int PixelOf(int i)
    {
        (int token, int inside) = (i / (Patch * Patch) % Tokens, i % (Patch * Patch));
        int row = (token / Grid * Patch) + (inside / Patch);
        int column = (token % Grid * Patch) + (inside % Patch);
        return (i / (Side * Side) * Side * Side) + (row * Side) + column;
    }

    private void Report(string name, float[] values) => Observe?.Invoke(name, (float[])values.Clone());

    private sealed class Block(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, string prefix, LayerTap? tap)
    {
        public DenseLayer Modulation { get; } = DenseLayer.From(weights, prefix + "adaLN_modulation.1", tap);

        public DenseLayer Qkv { get; } = DenseLayer.From(weights, prefix + "attn.qkv", tap);

        public DenseLayer Projection { get; } = DenseLayer.From(weights, prefix + "attn.proj", tap);

        public DenseLayer MlpIn { get; } = DenseLayer.From(weights, prefix + "mlp.fc1", tap);

        public DenseLayer MlpOut { get; } = DenseLayer.From(weights, prefix + "mlp.fc2", tap);
    }
}
