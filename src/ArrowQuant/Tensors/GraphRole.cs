namespace ArrowQuant.Tensors;

/// <summary>What the graph of a model says of one of its tensors.</summary>
public sealed record GraphRole
{
    /// <summary>
    /// True when the graph multiplies by the tensor and does nothing else with it, always in the same orientation: then it is a layer.
    /// </summary>
    public required bool IsLayer { get; init; }

    /// <summary>The dimension that is the layer's output channel, 0 or 1; 0 for what is no layer.</summary>
    public int RowAxis { get; init; }

    /// <summary>
    /// True when the bias beside the tensor (<c>x.bias</c> beside <c>x.weight</c>) is added to this layer's outputs and used nowhere else.
    /// </summary>
    public bool OwnsBias { get; init; }
}
