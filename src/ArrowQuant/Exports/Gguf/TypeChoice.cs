using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Gguf;

/// <summary>The tensor types that a layer may get, smallest first, and how far from the artefact each may be.</summary>
/// <param name="Encoders">The types; the last is F32 and always taken.</param>
/// <param name="Limit">The relative error that is still accepted.</param>
/// <param name="Note">Why block types are not among them, or null.</param>
internal sealed record TypeChoice(IReadOnlyList<IGgmlEncoder> Encoders, double Limit, string? Note)
{
    /// <summary>The relative error that Q4_1 may add to a plain affine INT4 layer.</summary>
    private const double PlainLimit = 5e-4;

    // A layer that was quantized with less error than this, as INT8 is, is not worth 16 bits because of it.
    private const double LeastOwnError = 0.04;

    private static readonly IGgmlEncoder[] Floats = [new FloatEncoder(GgmlType.F16), new FloatEncoder(GgmlType.F32)];
    private static readonly IGgmlEncoder Q8 = new Q8Encoder();
    private static readonly IGgmlEncoder Q4 = new Q4Encoder();
    private static readonly IGgmlEncoder Q2 = new Q2Encoder();

    /// <summary>The types for a quantized layer that is stored in rows of <paramref name="rowLength"/>.</summary>
    public static TypeChoice Of(StoredLayer layer, long rowLength, double errorShare)
    {
        double limit = errorShare * Math.Max(LeastOwnError, Math.Sqrt(layer.Nmse ?? 0));
        if (rowLength % GgmlType.Q8_0.BlockLength() != 0)
            return new(Floats, limit, $"rows of {rowLength} are no multiple of {GgmlType.Q8_0.BlockLength()}");
        bool isPlain = WeightPiece.HasPlainGrids(layer) && rowLength == layer.View.Columns && HasWholeBlocks(layer);
        string? note = isPlain ? null
            : layer.View.RowAxis != 0 ? "its groups run along the outer dimension"
            : layer.Header.Format!.Rotation is not null ? "its groups are rotated"
            : layer.Header.Format.Trellis is not null ? "its codes are paths of a trellis"
            : !WeightPiece.HasPlainGrids(layer) ? "its input channels are equalized" : null;
        IEnumerable<IGgmlEncoder> blocks = layer.BitWidth switch
        {
            2 when isPlain && rowLength % GgmlType.Q2_K.BlockLength() == 0 => [Q2, Q4, Q8],
            2 or 4 => [Q4, Q8],
            _ => [Q8],
        };
        bool isPlainAffine4 = isPlain && layer is { BitWidth: 4, Layout: CodeLayout.Affine };
        return new([.. blocks, .. Floats], isPlainAffine4 ? PlainLimit : limit, note);
    }

    // A block must not reach over two groups.
    private static bool HasWholeBlocks(StoredLayer layer) =>
        layer.Header.Format!.Groups is { } groups && (groups.GroupsPerRow == 1 || groups.GroupSize % GgmlType.Q4_1.BlockLength() == 0);
}
