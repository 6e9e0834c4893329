using ArrowQuant.Configuration;

namespace ArrowQuant.Storage;

/// <summary>How shards are written.</summary>
internal sealed record ArtefactWriterOptions
{
    /// <summary>Codec of the <c>data</c> column.</summary>
    public Compression Compression { get; init; } = Compression.None;

    /// <summary>True to compute SHA-256 of each file as well.</summary>
    public bool Sha256 { get; init; }

    /// <summary>Told of every write, with the path, before it; what it throws the write fails with. Null for nobody.</summary>
    public Action<string>? BeforeWrite { get; init; }
}

/// <summary>A finished shard.</summary>
/// <param name="RelativePath">Its path in the artefact, forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Xxh128">XXH128 of the file, 32 lower-case hexadecimal digits.</param>
/// <param name="Rows">Rows in the file.</param>
/// <param name="KeptBytes">Bytes that the values of kept tensors take in it (<see cref="StoredShare"/>).</param>
internal sealed record ShardFile(string RelativePath, long Bytes, string Xxh128, long Rows, long KeptBytes)
{
    /// <summary>SHA-256 of the file, 64 lower-case hexadecimal digits, where it was asked for.</summary>
    public string? Sha256 { get; init; }
}
