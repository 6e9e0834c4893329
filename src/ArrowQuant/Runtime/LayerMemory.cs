namespace ArrowQuant.Runtime;

/// <summary>The packed weights of one layer, read when they are first needed.</summary>
internal sealed class LayerMemory(LayerDecoder decoder)
{
    private readonly Lock _lock = new();
    private LayerBlock[]? _blocks;

    /// <summary>How to use them.</summary>
    public LayerDecoder Decoder { get; } = decoder;

    /// <summary>Handles that share them; guarded by the model.</summary>
    public int Handles { get; set; }

    /// <summary>Bytes in memory; 0 before the first product.</summary>
    public long Bytes => Volatile.Read(ref _blocks)?.Sum(block => block.Bytes) ?? 0;

    /// <summary>The blocks of the layer, all in memory.</summary>
    public LayerBlock[] All()
    {
        if (Volatile.Read(ref _blocks) is { } there) return there;
        lock (_lock)
        {
            if (_blocks is { } loaded) return loaded;
            LayerBlock[] blocks = [.. Enumerable.Range(0, Decoder.Layer.Blocks.Count).Select(Decoder.Load)];
            Volatile.Write(ref _blocks, blocks);
            return blocks;
        }
    }

    /// <summary>One block: from memory where it is there, else read and not kept.</summary>
    public LayerBlock One(int index) => Volatile.Read(ref _blocks)?[index] ?? Decoder.Load(index);
}
