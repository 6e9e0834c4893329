namespace ArrowQuant.Pipeline;

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

    private static readonly (string First, string Second)[] Pairs = [("proj", "out"), ("conv", "in"), ("conv", "out"), ("final", "layer")];

    // Only these modules, not modules of the same name inside blocks.
    private static readonly HashSet<string> Modules = new(StringComparer.OrdinalIgnoreCase) { "model.transformer.ff_out", "output_projection", "output" };

    /// <summary>True for a tensor name (not a component's) that is kept by default.</summary>
    public static bool IsSensitive(string name)
    {
        string[] segments = name.Split('.', '_', '/');
        for (int i = 0; i < segments.Length; i++)
        {
            if (Words.Contains(segments[i]) || segments[i].StartsWith("norm", StringComparison.OrdinalIgnoreCase)) return true;
            if (i > 0 && Pairs.Any(pair => AreEqual(pair.First, segments[i - 1]) && AreEqual(pair.Second, segments[i]))) return true;
        }

        int dot = name.LastIndexOf('.');
        return Modules.Contains(name) || (dot > 0 && Modules.Contains(name[..dot]));
    }

    private static bool AreEqual(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
