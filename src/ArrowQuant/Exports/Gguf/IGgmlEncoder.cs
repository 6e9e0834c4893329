namespace ArrowQuant.Exports.Gguf;

/// <summary>Writes rows in one tensor type.</summary>
internal interface IGgmlEncoder
{
    /// <summary>The type.</summary>
    GgmlType Type { get; }

    /// <summary>Encodes a row of whole blocks; every byte of the destination is written.</summary>
    void Encode(GgmlRow row, Span<byte> destination);
}
