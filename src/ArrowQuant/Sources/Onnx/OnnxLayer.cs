namespace ArrowQuant.Sources.Onnx;

/// <summary>How an initializer of a graph is used and called.</summary>
internal sealed record OnnxLayer
{
    /// <summary>The initializer.</summary>
    public required OnnxTensor Tensor { get; init; }

    /// <summary>Its name in the model: the initializer's own, or made from its node when an exporter made the initializer's up.</summary>
    public required string Name { get; init; }

    /// <summary>The nodes that multiply by it; empty for what is no layer.</summary>
    public required IReadOnlyList<OnnxNode> Nodes { get; init; }

    /// <summary>The dimension that is the output channel; meaningful for layers.</summary>
    public required int RowAxis { get; init; }

    /// <summary>The bias that belongs to this layer alone, or null.</summary>
    public OnnxTensor? Bias { get; init; }

    /// <summary>True when the graph multiplies by it and does nothing else with it.</summary>
    public bool IsLayer => Nodes.Count > 0;
}
