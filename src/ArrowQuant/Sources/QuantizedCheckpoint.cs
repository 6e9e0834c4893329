using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>Recognises weights that another quantizer has already packed, by the tensors that travel with them.</summary>
internal static class QuantizedCheckpoint
{
    /// <summary>Sets <see cref="TensorInfo.AlreadyQuantized"/> where it applies.</summary>
    /// <param name="tensors">All tensors of one set of weights.</param>
    /// <param name="method">The <c>quant_method</c> of config.json, or null.</param>
    /// <returns>The tensors in the same order, and a note when config.json claims what no tensor shows.</returns>
    public static (IReadOnlyList<TensorInfo> Tensors, string? Note) Mark(IReadOnlyList<TensorInfo> tensors, string? method)
    {
        HashSet<string> names = tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        HashSet<string> states = StatesOf(names);
        TensorInfo[] marked = [.. tensors.Select(tensor => Scheme(tensor, names, states, method) is { } scheme
            ? tensor with { AlreadyQuantized = scheme }
            : tensor)];

        // FP8 with companion scales is read as it is, whatever config.json calls it.
        if (method is null or "fp8" || marked.Any(tensor => tensor.AlreadyQuantized is not null)) return (marked, null);
        if (marked.Any(IsFp8)) return (marked, null);
        string name = Printable.Of(method);
        if (!marked.Any(IsIntegerMatrix))
            return (marked, $"config.json says quant_method '{name}', but no tensor is quantized; the weights are taken as they are");
        return ([.. marked.Select(tensor => IsIntegerMatrix(tensor) ? tensor with { AlreadyQuantized = name } : tensor)], null);
    }

    private static string? Scheme(TensorInfo tensor, HashSet<string> names, HashSet<string> states, string? method)
    {
        string name = tensor.Name;
        if (Owner(name, "qweight") is { } packed && names.Contains(packed + "qzeros") && names.Contains(packed + "scales"))
        {
            bool isGptq = names.Contains(packed + "g_idx") || string.Equals(method, "gptq", StringComparison.OrdinalIgnoreCase);
            return isGptq ? "GPTQ" : "AWQ";
        }

        if (Owner(name, "weight_packed") is not null) return "compressed-tensors";
        if (Owner(name, "weight") is not { } owner || tensor.ElementType is not (ElementType.I8 or ElementType.U8)) return null;
        if (states.Contains(name) || names.Contains(owner + "SCB") || names.Contains(name + ".SCB")) return "bitsandbytes";
        return names.Contains(name + "_scale") ? $"{tensor.ElementType.Name()} with weight_scale" : null;
    }

    // Weights that have a bitsandbytes state: X.weight for X.weight.absmax, X.weight.quant_map, X.weight.quant_state.*
    private static HashSet<string> StatesOf(HashSet<string> names)
    {
        HashSet<string> states = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            foreach (string mark in (ReadOnlySpan<string>)[".absmax", ".quant_map", ".quant_state"])
            {
                int at = name.LastIndexOf(mark, StringComparison.Ordinal);
                if (at > 0) states.Add(name[..at]);
            }
        }

        return states;
    }

    // What stands before the last segment ("a.b." or ""), or null when the last segment is another.
    private static string? Owner(string name, string segment) =>
        name == segment ? "" : name.EndsWith("." + segment, StringComparison.Ordinal) ? name[..^segment.Length] : null;

    private static bool IsFp8(TensorInfo tensor) => tensor.ElementType is ElementType.F8E4M3 or ElementType.F8E5M2;

    private static bool IsIntegerMatrix(TensorInfo tensor) => tensor.Shape.Rank >= 2
        && tensor.ElementType
            is ElementType.I8 or ElementType.U8 or ElementType.I16 or ElementType.U16 or ElementType.I32 or ElementType.U32;
}
