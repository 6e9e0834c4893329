using ArrowQuant.Sources.Onnx;

namespace ArrowQuant.Exports.Onnx;

/// <summary>What changes in a graph: initializers and nodes that go, and what comes instead. Everything else stays byte for byte.</summary>
internal sealed class GraphEdit
{
    private readonly HashSet<string> _names;

    /// <summary>Begins with nothing changed.</summary>
    public GraphEdit(OnnxGraph graph)
    {
        Graph = graph;
        _names = graph.Nodes.SelectMany(node => node.Inputs.Concat(node.Outputs).Concat(node.InnerNames).Append(node.Name))
            .Concat(graph.Initializers.Select(tensor => tensor.Name))
            .Concat(graph.Inputs.Select(value => value.Name))
            .ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The graph.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Initializers that go, and those that stand in their place (possibly none).</summary>
    public Dictionary<string, IReadOnlyList<NewTensor>> Initializers { get; } = new(StringComparer.Ordinal);

    /// <summary>Nodes that go, and those that stand in their place.</summary>
    public Dictionary<OnnxNode, IReadOnlyList<NodeMessage>> Nodes { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Nodes in front of all others.</summary>
    public List<NodeMessage> Decoders { get; } = [];

    /// <summary>Tables that several decoders share, by name.</summary>
    public Dictionary<string, NewTensor> Shared { get; } = new(StringComparer.Ordinal);

    /// <summary>True when a node of com.microsoft was added.</summary>
    public bool NeedsContribOperators { get; set; }

    /// <summary>A name that nothing else in the graph has.</summary>
    public string NewName(string wanted)
    {
        string name = wanted;
        for (int i = 2; !_names.Add(name); i++) name = $"{wanted}_{i}";
        return name;
    }
}
