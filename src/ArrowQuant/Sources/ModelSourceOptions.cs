namespace ArrowQuant.Sources;

/// <summary>What a caller may choose when a model is opened.</summary>
public sealed record ModelSourceOptions
{
    /// <summary>The variant of the weight files (<c>fp16</c> for <c>*.fp16.safetensors</c>), or null for the plain weights.</summary>
    public string? Variant { get; init; }

    /// <summary>
    /// Regular expressions for components of a diffusers folder that are kept otherwise. One that matches the whole of <c>vae</c>, or of
    /// <c>vae/name</c> for a tensor, makes the tensors of the component part of <see cref="IModelSource.Tensors"/>.
    /// </summary>
    public IReadOnlyList<string> IncludeComponents { get; init; } = [];

    /// <summary>
    /// The most bytes that one page of a Parquet file may take once it is decompressed. Null allows 64 MiB and 1024 times the page's bytes
    /// in the file, so that a small file of a stranger cannot take much memory.
    /// </summary>
    public long? LargestPageBytes { get; init; }
}
