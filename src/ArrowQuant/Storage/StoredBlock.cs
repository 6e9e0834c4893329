namespace ArrowQuant.Storage;

/// <summary>Consecutive matrix rows of a stored layer: one row of a shard.</summary>
public sealed class StoredBlock
{
    internal StoredBlock(long rowStart, int rowCount, long dataBytes, UInt128 sourceHash)
    {
        RowStart = rowStart;
        RowCount = rowCount;
        DataBytes = dataBytes;
        SourceHash = sourceHash;
    }

    /// <summary>The first row of the block in its layer.</summary>
    public long RowStart { get; }

    /// <summary>Rows in the block.</summary>
    public int RowCount { get; }

    /// <summary>Bytes of its packed codes or raw values, before compression.</summary>
    public long DataBytes { get; }

    /// <summary>Bytes that they take in the file; fewer where the column is compressed.</summary>
    public long StoredBytes { get; internal set; }

    /// <summary>XXH128 of the source bytes that the block was made of.</summary>
    public UInt128 SourceHash { get; }

    /// <summary>Cosine similarity of the layer as the writer measured it; in its last block only, else null.</summary>
    public double? CosineSimilarity { get; internal init; }

    /// <summary>|W-Ŵ|²/|W|² of the layer as the writer measured it; in its last block only, else null.</summary>
    public double? Nmse { get; internal init; }

    internal int RowGroup { get; init; }

    internal int RowInGroup { get; init; }
}
