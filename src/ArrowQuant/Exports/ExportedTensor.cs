namespace ArrowQuant.Exports;

/// <summary>One tensor of an export, with what was found when it was decoded again.</summary>
/// <param name="Name">Its name in the artefact, <c>component/name</c> inside a component.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="IsLayer">True for a quantized layer, false for a kept tensor.</param>
/// <param name="From">What the artefact holds: <c>int4 affine</c>, <c>int2 lattice2</c>, or the element type of a kept tensor.</param>
/// <param name="StoredAs">The type in the export: <c>Q4_1</c>, <c>F16</c>, <c>int4 packed</c>, ...</param>
/// <param name="Exact">True when every value decodes to the same bits.</param>
/// <param name="RelativeError">|decoded export - decoded artefact| / |decoded artefact| over the tensor (2-norms); 0 when exact.</param>
/// <param name="Bytes">Bytes of the tensor's data in the export.</param>
/// <param name="BitsPerWeight">The same, in bits per element.</param>
/// <param name="Note">Why it is not stored otherwise, or null.</param>
public sealed record ExportedTensor(
    string Name,
    IReadOnlyList<long> Shape,
    bool IsLayer,
    string From,
    string StoredAs,
    bool Exact,
    double RelativeError,
    long Bytes,
    double BitsPerWeight,
    string? Note);
