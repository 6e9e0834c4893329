namespace ArrowQuant.Exports;

/// <summary>One file of an export.</summary>
/// <param name="Path">Its path in the export's folder, forward slashes.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Xxh128">XXH128 of its bytes, 32 lower-case hexadecimal digits.</param>
public sealed record ExportedFile(string Path, long Bytes, string Xxh128);
