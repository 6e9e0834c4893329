namespace ArrowQuant.Sources.Onnx;

/// <summary>An ONNX model as far as layers and export need it; weights stay in the file.</summary>
internal sealed record OnnxGraph
{
    /// <summary>ModelProto.ir_version.</summary>
    public required long IrVersion { get; init; }

    /// <summary>Operator sets by domain; ONNX's own is <c>""</c>.</summary>
    public required IReadOnlyDictionary<string, long> OperatorSets { get; init; }

    /// <summary>ModelProto.metadata_props.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The bytes of the graph message in the file.</summary>
    public required WireSpan Span { get; init; }

    /// <summary>The nodes, in stored order.</summary>
    public required IReadOnlyList<OnnxNode> Nodes { get; init; }

    /// <summary>The initializers, in stored order.</summary>
    public required IReadOnlyList<OnnxTensor> Initializers { get; init; }

    /// <summary>The graph's inputs; old files list initializers among them.</summary>
    public required IReadOnlyList<OnnxValue> Inputs { get; init; }

    /// <summary>The graph's outputs.</summary>
    public required IReadOnlyList<OnnxValue> Outputs { get; init; }
}
