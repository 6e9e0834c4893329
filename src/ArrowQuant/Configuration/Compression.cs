namespace ArrowQuant.Configuration;

/// <summary>Codec of the packed codes in the artefact.</summary>
public enum Compression
{
    /// <summary>Stored as they are.</summary>
    None,

    /// <summary>Zstandard.</summary>
    Zstd,
}
