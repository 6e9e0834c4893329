using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>What is the same in every stored row of one layer, or of one kept tensor.</summary>
internal sealed record LayerHeader
{
    /// <summary>The source's name, unchanged; inside a component, without the component.</summary>
    public required string LayerName { get; init; }

    /// <summary>The source shape.</summary>
    public required TensorShape Shape { get; init; }

    /// <summary>The element type of the source.</summary>
    public required ElementType SourceType { get; init; }

    /// <summary>The source dimension that is the row: 0, or 1 for [in, out, ...] weights. Kept tensors: 0.</summary>
    public int RowAxis { get; init; }

    /// <summary>How the codes are to be read; null for a kept tensor, whose values are stored as they were.</summary>
    public QuantizedFormat? Format { get; init; }

    /// <summary>The method that was really used; <c>none</c> for a kept tensor.</summary>
    public string Method { get; init; } = ArtefactLayout.None;

    /// <summary>The enhancement that was really used: <c>time_aware</c>, <c>spatial</c> or <c>none</c>.</summary>
    public string Enhancement { get; init; } = ArtefactLayout.None;

    /// <summary>time_aware_quant_json, or null.</summary>
    public string? TimeAwareJson { get; init; }

    /// <summary>spatial_quant_json (see <see cref="SpatialQuant"/>), or null.</summary>
    public string? SpatialJson { get; init; }

    /// <summary>activation_stats_json, or null.</summary>
    public string? ActivationStatsJson { get; init; }

    /// <summary>The transform that decoding must undo: <c>none</c> or <c>hadamard:</c> with a seed.</summary>
    public string Transform => TransformText.Of(Format?.Rotation);

    /// <summary><c>bias</c> for a kept bias that was corrected, else <c>none</c>.</summary>
    public string Correction { get; init; } = ArtefactLayout.None;

    /// <summary>True when the layer belongs to a diffusion model.</summary>
    public bool IsDiffusionModel { get; init; }

    /// <summary>text, code, image, audio, or null.</summary>
    public string? Modality { get; init; }

    /// <summary>The [rows, columns] view of the stored values.</summary>
    public MatrixView View => MatrixView.Of(Shape, RowAxis);

    /// <summary>Bits per stored weight: the codes' width, or the element's size for a kept tensor.</summary>
    public int BitWidth => Format?.BitWidth ?? SourceType.BitSize();

    /// <summary>Bytes of <c>data</c> that <paramref name="rowCount"/> rows take; null when kept rows do not fill whole bytes.</summary>
    /// <exception cref="OverflowException">The size does not fit in 63 bits.</exception>
    public long? DataBytes(long rowCount) => Format is { } format
        ? checked(rowCount * format.Groups.RowBytes(format.BitWidth))
        : SourceType.ByteLength(checked(rowCount * View.Columns));

    /// <summary>Scales that <paramref name="rowCount"/> rows have: one per group, for lattices none.</summary>
    public int ScaleCount(int rowCount) =>
        Format is { } format ? checked(rowCount * format.Groups.GroupsPerRow) * format.ScalesPerGroup : 0;

    /// <summary>Zero points that <paramref name="rowCount"/> rows have: one per group for affine, else none.</summary>
    public int ZeroPointCount(int rowCount) =>
        Format is { } format ? checked(rowCount * format.Groups.GroupsPerRow) * format.ZeroPointsPerGroup : 0;

    /// <summary>Level values that <paramref name="rowCount"/> rows have: 2 or 3 per group for the lattices, else none.</summary>
    public int LevelCount(int rowCount) =>
        Format is { } format ? checked(rowCount * format.Groups.GroupsPerRow * format.LevelsPerGroup) : 0;
}
