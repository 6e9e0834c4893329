namespace ArrowQuant.Pipeline.Planning;

/// <summary>
/// The names of layers that are kept by default: embeddings, norms, heads and the edges of the network. Case does not matter; a name is
/// sensitive by whole segments between <c>.</c>, <c>_</c> and <c>/</c>, so <c>ahead_layer</c> is not.
/// </summary>
internal static class SensitiveNames
{
    // lm_head, ln_f and embed_tokens are sensitive by head, ln and embed.
    private static readonly HashSet<string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        "wte", "wpe", "embed", "embedding", "embeddings", "embedder", "ln", "layernorm", "rmsnorm", "head", "pooler",
    };

    // Two words that count only together, so that conv.in_proj is not taken for conv_in.
    private static readonly string[] Pairs = ["_proj_out_", "_conv_in_", "_conv_out_", "_final_layer_"];

    // Only these modules, not modules of the same name inside blocks.
    private static readonly HashSet<string> Modules = new(StringComparer.OrdinalIgnoreCase)
    {
        "model.transformer.ff_out", "output_projection", "output",
    };

    /// <summary>True for a tensor name (not a component's) that is kept by default.</summary>
    public static bool IsSensitive(string name)
    {
        foreach (string part in name.Split('.', '/'))
        {
            if (part.Split('_').Any(IsSensitiveWord)) return true;
            if (Pairs.Any(pair => $"_{part}_".Contains(pair, StringComparison.OrdinalIgnoreCase))) return true;
        }

        int dot = name.LastIndexOf('.');
        return Modules.Contains(name) || (dot > 0 && Modules.Contains(name[..dot]));
    }

    private static bool IsSensitiveWord(string word) => Words.Contains(word) || word.StartsWith("norm", StringComparison.OrdinalIgnoreCase);
}
