using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>What becomes of one tensor.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Quantize">True for a layer that is quantized, unless its quantized form turns out to be no smaller.</param>
/// <param name="KeptReason">Null for a layer that is quantized, else one of <see cref="KeptReasons"/>.</param>
/// <param name="RowAxis">The source dimension that is the row of the matrix: 0 or 1.</param>
/// <param name="PinnedBitWidth">The width of <c>layer_bit_widths</c> (2, 4 or 8), or null where the run's width counts.</param>
internal sealed record LayerDecision(TensorInfo Tensor, bool Quantize, string? KeptReason, int RowAxis, int? PinnedBitWidth)
{
    /// <summary>The tensor as a matrix with rows along <see cref="RowAxis"/>.</summary>
    public MatrixView View => MatrixView.Of(Tensor.Shape, RowAxis);
}
