namespace ArrowQuant.Sources.Parquet;

/// <summary>The older layouts of this schema family, oldest first.</summary>
internal enum ParquetLayout
{
    /// <summary>Unquantized rows of the first Python writer; many rows a file.</summary>
    V1,

    /// <summary>Quantized rows of the first Python writer, scales as bytes; many rows a file.</summary>
    V2Python,

    /// <summary>The first Rust writer: one tensor a file, scales as a list.</summary>
    V2Rust,

    /// <summary>The first Rust writer with diffusion columns: one tensor a file.</summary>
    V2Extended,
}
