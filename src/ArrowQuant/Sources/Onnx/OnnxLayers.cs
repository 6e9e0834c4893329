using System.Text.RegularExpressions;

namespace ArrowQuant.Sources.Onnx;

/// <summary>
/// Finds the layers of a graph: initializers that MatMul, Gemm and Conv multiply by, with their orientation and their names.
/// </summary>
internal static partial class OnnxLayers
{
    private const string WeightSuffix = ".weight";
    private const string BiasSuffix = ".bias";

    /// <summary>One entry for each initializer, in stored order; names are unique.</summary>
    public static IReadOnlyList<OnnxLayer> Of(OnnxGraph graph)
    {
        Dictionary<string, OnnxTensor> initializers = graph.Initializers.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Dictionary<string, List<OnnxNode?>> uses = UsesOf(graph, initializers);
        List<(OnnxTensor Tensor, OnnxNode[] Nodes, int RowAxis)> found = [];
        foreach (OnnxTensor tensor in graph.Initializers)
        {
            List<OnnxNode?> users = uses.GetValueOrDefault(tensor.Name) ?? [];
            int?[] axes = [.. users.Select(node => node is null ? null : RowAxisOf(node, tensor)).Distinct()];
            bool isLayer = axes is [not null];
            found.Add((tensor, isLayer ? [.. users.Select(node => node!)] : [], isLayer ? axes[0]!.Value : 0));
        }

        HashSet<string> taken = initializers.Keys.ToHashSet(StringComparer.Ordinal);
        string prefix = PrefixOf(graph, uses);
        List<OnnxLayer> layers = [];
        foreach ((OnnxTensor tensor, OnnxNode[] nodes, int rowAxis) in found)
        {
            string name = tensor.Name;
            if (nodes.Length > 0 && IsAnonymous(name) && ModuleOf(nodes[0]) is { } module
                && taken.Add(prefix + module + WeightSuffix))
                name = prefix + module + WeightSuffix;
            OnnxTensor? bias = nodes.Length == 1 && rowAxisSize(tensor, rowAxis) is { } rows
                ? BiasOf(nodes[0], name, rows, graph, initializers, uses)
                : null;
            layers.Add(new OnnxLayer { Tensor = tensor, Name = name, Nodes = nodes, RowAxis = rowAxis, Bias = bias });
        }

        return layers;

        static long? rowAxisSize(OnnxTensor tensor, int axis) => tensor.Shape.Rank > axis ? tensor.Shape.Dimensions[axis] : null;
    }

    /// <summary>True when a Gemm takes input <paramref name="index"/> (0 or 1) transposed.</summary>
    public static bool IsTransposed(OnnxNode gemm, int index) => gemm.IntegerOf(index == 0 ? "transA" : "transB", 0) != 0;

    // A use by a graph inside a node, or as an output, has no node: it is more than a multiplication.
    private static Dictionary<string, List<OnnxNode?>> UsesOf(OnnxGraph graph, Dictionary<string, OnnxTensor> initializers)
    {
        Dictionary<string, List<OnnxNode?>> uses = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.Nodes)
        {
            foreach (string input in node.Inputs) Add(input, node);
            foreach (string inner in node.InnerNames) Add(inner, null);
        }

        foreach (OnnxValue output in graph.Outputs) Add(output.Name, null);
        return uses;

        void Add(string name, OnnxNode? node)
        {
            if (!initializers.ContainsKey(name)) return;
            if (!uses.TryGetValue(name, out List<OnnxNode?>? users)) uses.Add(name, users = []);
            users.Add(node);
        }
    }

    // The output channel of a weight; null when the node does not multiply by it as by a matrix.
    private static int? RowAxisOf(OnnxNode node, OnnxTensor tensor)
    {
        if (!node.IsStandard) return null;
        bool isFirst = node.Input(0) == tensor.Name;
        bool isSecond = node.Input(1) == tensor.Name;
        if (isFirst == isSecond || node.Input(2) == tensor.Name) return null;
        int rank = tensor.Shape.Rank;
        return node.OpType switch
        {
            "MatMul" when rank == 2 => isSecond ? 1 : 0,
            "Gemm" when rank == 2 => IsTransposed(node, isFirst ? 0 : 1) == isSecond ? 0 : 1,
            "Conv" when isSecond && rank >= 3 => 0,
            "ConvTranspose" when isSecond && rank >= 3 && node.IntegerOf("group", 1) == 1 => 1,
            _ => null,
        };
    }

    // The C of a Gemm, the B of a Conv, or what the only use of a MatMul adds; named x.bias, used once, one value for each row.
    private static OnnxTensor? BiasOf(
        OnnxNode node, string weight, long rows, OnnxGraph graph, Dictionary<string, OnnxTensor> initializers,
        Dictionary<string, List<OnnxNode?>> uses)
    {
        if (!weight.EndsWith(WeightSuffix, StringComparison.Ordinal)) return null;
        string name = weight[..^WeightSuffix.Length] + BiasSuffix;
        bool isOwn = initializers.TryGetValue(name, out OnnxTensor? bias)
            && uses.TryGetValue(name, out List<OnnxNode?>? users) && users is [not null]
            && bias.Shape.Rank == 1 && bias.Shape.ElementCount == rows;
        if (!isOwn) return null;
        OnnxNode user = uses[name][0]!;
        if (node.OpType != "MatMul") return user == node && node.NumberOf("beta", 1) == 1 && node.NumberOf("alpha", 1) == 1 ? bias : null;
        bool isAdded = user is { OpType: "Add", IsStandard: true }
            && user.Inputs.Contains(node.Outputs[0], StringComparer.Ordinal)
            && node.Input(1) != "" && initializers.ContainsKey(node.Input(1))
            && graph.Nodes.Count(other => other.Inputs.Contains(node.Outputs[0], StringComparer.Ordinal)) == 1;
        return isAdded ? bias : null;
    }

    // Nodes tell only of modules that were called: of model.transformer.wte the node says /wte/Gather. What is missing is taken from the
    // parameters that have kept their names, if all of them lack the same.
    private static string PrefixOf(OnnxGraph graph, Dictionary<string, List<OnnxNode?>> uses)
    {
        HashSet<string> prefixes = new(StringComparer.Ordinal);
        foreach (OnnxTensor tensor in graph.Initializers)
        {
            int dot = tensor.Name.LastIndexOf('.');
            if (dot < 0 || uses.GetValueOrDefault(tensor.Name) is not [{ } node, ..] || ModuleOf(node) is not { } module) continue;
            string owner = tensor.Name[..dot];
            if ($".{owner}".EndsWith($".{module}", StringComparison.Ordinal)) prefixes.Add(owner[..^module.Length]);
        }

        return prefixes.Count == 1 ? prefixes.Single() : "";
    }

    private static bool IsAnonymous(string name) => Anonymous().IsMatch(name);

    // "/blocks.0/mlp/mlp.2/MatMul" stands in module blocks.0.mlp.2: a container's children repeat its name.
    private static string? ModuleOf(OnnxNode node)
    {
        string[] parts = node.Name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2) return null;
        List<string> module = [];
        foreach (string part in parts[..^1])
        {
            if (module.Count > 0 && part.StartsWith(module[^1] + ".", StringComparison.Ordinal)) module[^1] = part;
            else module.Add(part);
        }

        return string.Join('.', module);
    }

    // What exporters call a weight that they have transposed or folded: onnx::MatMul_123, 123, val_123.
    [GeneratedRegex(@"^(onnx::\w+_\d+|\d+|val_\d+|_v_\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Anonymous();
}
