using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports;

/// <summary>One tensor of an export, with what was found when it was decoded again.</summary>
/// <param name="Name">Its name in the artefact, <c>component/name</c> inside a component.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="IsLayer">True for a quantized layer, false for a kept tensor.</param>
/// <param name="From">What the artefact holds: <c>int4 affine</c>, <c>int2 lattice2</c>, or the element type of a kept tensor.</param>
/// <param name="StoredAs">The type in the export: <c>Q4_1</c>, <c>F16</c>, <c>int4 packed</c>, ...</param>
/// <param name="Exact">True when every value decodes to the same value.</param>
/// <param name="RelativeError">|decoded export - decoded artefact| / |decoded artefact| over the tensor (2-norms); 0 when exact.</param>
/// <param name="Bytes">Bytes of the tensor's data in the export, scales included.</param>
/// <param name="BitsPerWeight">The same in bits per element.</param>
/// <param name="ArtefactBitsPerWeight">Bits per element in the artefact, scales included, before compression.</param>
/// <param name="Note">Why it is not stored in a smaller type, or what a reader must know; or null.</param>
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
    double ArtefactBitsPerWeight,
    string? Note)
{
    internal static ExportedTensor Of(StoredLayer layer, string storedAs, DecodedComparison comparison, long bytes, string? note) => new(
        layer.FullName,
        layer.Shape.Dimensions,
        !layer.IsKept,
        layer.IsKept ? layer.SourceType.Name() : $"{layer.QuantType} {layer.Layout.ToString().ToLowerInvariant()}",
        storedAs,
        comparison.Exact,
        comparison.RelativeError,
        bytes,
        BitsOf(bytes, layer),
        BitsOf(StoredBytes(layer), layer),
        note);

    /// <summary>Bytes of a tensor in the artefact: codes, scales and kept values, before compression.</summary>
    internal static long StoredBytes(StoredLayer layer) => layer.DataBytes + layer.Blocks.Sum(
        block => sizeof(float) * (2L * layer.Header.ScaleCount(block.RowCount) + layer.Header.LevelCount(block.RowCount)));

    private static double BitsOf(long bytes, StoredLayer layer) => 8.0 * bytes / Math.Max(1, layer.Shape.ElementCount);
}
