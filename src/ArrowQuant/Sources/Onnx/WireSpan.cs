namespace ArrowQuant.Sources.Onnx;

/// <summary>Bytes of a file.</summary>
/// <param name="Offset">Where they begin.</param>
/// <param name="Length">How many there are.</param>
internal readonly record struct WireSpan(long Offset, long Length)
{
    /// <summary>The place behind the last byte.</summary>
    public long End => Offset + Length;
}
