using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Gguf;

/// <summary>
/// The value of <c>general.architecture</c>: what ComfyUI-GGUF calls the model, known by names of its tensors, or the model's type as its
/// source names it. stable-diffusion.cpp goes by the names of the tensors and ignores the value.
/// </summary>
internal static class GgufArchitecture
{
    private const string Prefix = "model.diffusion_model.";

    // Every name of a line is there: the model is of that architecture. The first line that fits counts.
    private static readonly (string Architecture, string[] Names)[] Marks =
    [
        ("flux", ["double_blocks.0.img_attn.proj.weight"]),
        ("sd3", ["joint_blocks.0.x_block.attn.qkv.weight"]),
        ("aura", ["double_layers.3.modX.1.weight"]),
        ("hidream", ["caption_projection.0.linear.weight", "double_stream_blocks.0.block.ff_i.shared_experts.w3.weight"]),
        ("cosmos", ["blocks.0.mlp.layer1.weight", "blocks.0.adaln_modulation_cross_attn.1.weight"]),
        ("ltxv", ["adaln_single.emb.timestep_embedder.linear_2.weight", "caption_projection.linear_2.weight"]),
        ("hyvid", ["double_blocks.0.img_attn_proj.weight", "txt_in.individual_token_refiner.blocks.1.self_attn_qkv.weight"]),
        ("wan", ["blocks.0.self_attn.norm_q.weight", "text_embedding.2.weight", "head.modulation"]),
        ("sdxl", ["down_blocks.0.downsamplers.0.conv.weight", "add_embedding.linear_1.weight"]),
        ("sdxl", ["input_blocks.3.0.op.weight", "input_blocks.6.0.op.weight", "label_emb.0.0.weight"]),
        ("sd1", ["down_blocks.0.downsamplers.0.conv.weight"]),
        ("sd1", ["input_blocks.3.0.op.weight", "input_blocks.6.0.op.weight", "input_blocks.9.0.op.weight"]),
        ("lumina2", ["cap_embedder.1.weight", "context_refiner.0.attention.qkv.weight"]),
        ("qwen_image", ["time_text_embed.timestep_embedder.linear_2.weight", "transformer_blocks.0.img_mlp.net.0.proj.weight"]),
    ];

    /// <summary>Finds the architecture of the tensors of one file.</summary>
    public static string Of(IEnumerable<StoredLayer> layers, string? modelType)
    {
        HashSet<string> names = new(
            layers.Select(layer => layer.Name.StartsWith(Prefix, StringComparison.Ordinal) ? layer.Name[Prefix.Length..] : layer.Name),
            StringComparer.Ordinal);
        string? known = Marks.FirstOrDefault(mark => mark.Names.All(names.Contains)).Architecture;
        if (known is not null) return known;
        string named = new([.. (modelType ?? "").ToLowerInvariant().Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')]);
        return named.Length > 0 ? named : "diffusion";
    }
}
