namespace ArrowQuant.Sources.Onnx;

/// <summary>One operation of a graph (NodeProto in onnx.proto).</summary>
internal sealed record OnnxNode
{
    /// <summary>The operator, <c>MatMul</c>.</summary>
    public required string OpType { get; init; }

    /// <summary>The set that defines the operator; empty for ONNX's own.</summary>
    public required string Domain { get; init; }

    /// <summary>The node's name, may be empty.</summary>
    public required string Name { get; init; }

    /// <summary>Names of the values that it takes; empty for an optional one that is not given.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Names of the values that it gives.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Its attributes by name.</summary>
    public required IReadOnlyDictionary<string, OnnxAttribute> Attributes { get; init; }

    /// <summary>Names that the graphs inside its attributes take from outside or give themselves.</summary>
    public required IReadOnlyList<string> InnerNames { get; init; }

    /// <summary>Where the node is stored, with its tag.</summary>
    public required WireSpan Whole { get; init; }

    /// <summary>True for an operator of ONNX itself.</summary>
    public bool IsStandard => Domain is "" or "ai.onnx";

    /// <summary>An integer attribute.</summary>
    public long IntegerOf(string name, long otherwise) => Attributes.TryGetValue(name, out OnnxAttribute? found) ? found.Integer : otherwise;

    /// <summary>A floating-point attribute.</summary>
    public float NumberOf(string name, float otherwise) => Attributes.TryGetValue(name, out OnnxAttribute? found) ? found.Number : otherwise;

    /// <summary>Input <paramref name="index"/>, or empty when it is not given.</summary>
    public string Input(int index) => index < Inputs.Count ? Inputs[index] : "";
}
