namespace ArrowQuant.Benchmarks.Peers;

/// <summary>A weight type of others, written anew from its public definition.</summary>
internal interface IPeerType
{
    /// <summary>Its name in tables.</summary>
    string Name { get; }

    /// <summary>Values of one block.</summary>
    int BlockLength { get; }

    /// <summary>Stored bits per weight of whole blocks.</summary>
    double BitsPerWeight { get; }

    /// <summary>What a reader makes of a block after it was stored; the last block of a tensor may be shorter.</summary>
    void Round(ReadOnlySpan<float> block, Span<float> decoded);
}
