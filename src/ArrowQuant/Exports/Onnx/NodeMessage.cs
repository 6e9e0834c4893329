namespace ArrowQuant.Exports.Onnx;

/// <summary>A node that is added to a graph (NodeProto in onnx.proto).</summary>
internal sealed record NodeMessage
{
    // AttributeProto.AttributeType
    private const int IntegerType = 2;
    private const int IntegersType = 7;

    /// <summary>The operator.</summary>
    public required string OpType { get; init; }

    /// <summary>Its set; empty for ONNX's own.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The node's name.</summary>
    public required string Name { get; init; }

    /// <summary>What it takes.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>What it gives.</summary>
    public required string Output { get; init; }

    /// <summary>Integer attributes, in order.</summary>
    public IReadOnlyList<(string Name, long Value)> Integers { get; init; } = [];

    /// <summary>An attribute with a list of integers, or null.</summary>
    public (string Name, long[] Values)? List { get; init; }

    /// <summary>The node as a field of a graph.</summary>
    public byte[] ToField()
    {
        var node = new WireMessage();
        foreach (string input in Inputs) node.Text(1, input);
        node.Text(2, Output).Text(3, Name).Text(4, OpType);
        foreach ((string name, long value) in Integers)
            node.Message(5, new WireMessage().Text(1, name).Integer(3, value).Integer(20, IntegerType));
        if (List is { } list)
        {
            var attribute = new WireMessage().Text(1, list.Name);
            foreach (long value in list.Values) attribute.Integer(8, value);
            node.Message(5, attribute.Integer(20, IntegersType));
        }

        if (Domain.Length > 0) node.Text(7, Domain);
        return new WireMessage().Message(1, node).ToArray();
    }
}
