using ArrowQuant.Configuration;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Planning;

/// <summary>One tensor of the plan, with what is to happen to it whatever the width of an attempt.</summary>
/// <param name="Index">Position in plan order (source order).</param>
/// <param name="Decision">Whether it is a candidate, its row axis, its pinned width.</param>
/// <param name="IsEdge">Whether it holds so few of the model's weights that it is stored at INT8 in every attempt.</param>
internal sealed record PlannedTensor(int Index, LayerDecision Decision, bool IsEdge = false)
{
    /// <summary>The tensor.</summary>
    public TensorInfo Tensor => Decision.Tensor;

    /// <summary>The matrix it is seen as.</summary>
    public MatrixView View => Decision.View;

    /// <summary>
    /// Input channels: dimension 1 of a weight whose rows are dimension 0, else dimension 0; the taps of a convolution share one.
    /// </summary>
    public int InputChannels => (int)Tensor.Shape.Dimensions[1 - Decision.RowAxis];

    /// <summary>
    /// The width it gets in an attempt at <paramref name="bitWidth"/>: its pinned width, that of edge layers, the attempt's width, or null
    /// when it is kept.
    /// </summary>
    public int? WidthAt(int bitWidth, QuantizedSize size)
    {
        if (!Decision.Quantize) return null;
        int width = Decision.PinnedBitWidth ?? (IsEdge ? RecipeRules.EdgeBitWidth : bitWidth);
        return size.Of(View, width) < Tensor.ByteLength ? width : null;
    }

    /// <summary>Why it has a width of its own, or null when it has that of the attempt.</summary>
    public string? WidthReason => Decision.PinnedBitWidth is not null ? WidthReasons.Pinned : IsEdge ? WidthReasons.Edge : null;

    /// <summary>Why it is kept at <paramref name="bitWidth"/>, or null when it is quantized.</summary>
    public string? KeptReasonAt(int bitWidth, QuantizedSize size) =>
        WidthAt(bitWidth, size) is not null ? null : Decision.KeptReason ?? KeptReasons.NoSmaller;
}
