using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>How the bytes of a row stand for values.</summary>
internal enum StoredEncoding
{
    /// <summary>The values themselves, little-endian.</summary>
    Raw,

    /// <summary>One unsigned code a byte.</summary>
    UnsignedBytes,

    /// <summary>One signed code a byte.</summary>
    SignedBytes,

    /// <summary>Codes -2..1 stored +2, four to a byte, the first in the low bits.</summary>
    PackedInt2,
}

/// <summary>A tensor and all that is needed to turn its stored bytes into the values that <see cref="Info"/> promises.</summary>
internal sealed record StoredTensor
{
    /// <summary>What callers see.</summary>
    public required TensorInfo Info { get; init; }

    /// <summary>The row that holds the bytes, unless <see cref="BinPath"/> does.</summary>
    public required RowAddress Address { get; init; }

    /// <summary>The file of raw float32 values beside the Parquet file, or null.</summary>
    public string? BinPath { get; init; }

    /// <summary>How the bytes stand for values.</summary>
    public StoredEncoding Encoding { get; init; }

    /// <summary>How many bytes there must be.</summary>
    public required long StoredLength { get; init; }

    /// <summary>What they must be, for messages: <c>192 (48 float32 values)</c>.</summary>
    public required string Expectation { get; init; }

    /// <summary>Consecutive elements that share a scale; those behind the last run use the last scale.</summary>
    public long RunLength { get; init; } = 1;

    /// <summary>One per run; 0 where the older writer lost the values.</summary>
    public float[] Scales { get; init; } = [];

    /// <summary>One per run, in code units.</summary>
    public float[] ZeroPoints { get; init; } = [];
}
