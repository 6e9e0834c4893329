using System.Globalization;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Pipeline.Planning;

/// <summary>The names and shapes of real models with what must become of each tensor: Q for quantized, else the reason.</summary>
public sealed class LayerSelectionOnModelsTests
{
    private const string Llada = """
        model.transformer.wte.weight 257x192 sensitive
        model.transformer.blocks.0.attn_norm.weight 192 vector
        model.transformer.blocks.0.ff_norm.weight 192 vector
        model.transformer.blocks.0.q_proj.weight 192x192 Q
        model.transformer.blocks.0.k_proj.weight 192x192 Q
        model.transformer.blocks.0.v_proj.weight 192x192 Q
        model.transformer.blocks.0.attn_out.weight 192x192 Q
        model.transformer.blocks.0.ff_proj.weight 512x192 Q
        model.transformer.blocks.0.up_proj.weight 512x192 Q
        model.transformer.blocks.0.ff_out.weight 192x512 Q
        model.transformer.ln_f.weight 192 vector
        model.transformer.ff_out.weight 257x192 sensitive
        """;

    private const string Dit = """
        pos_embed 1x16x192 vector
        x_embedder.proj.weight 192x1x2x2 narrow
        x_embedder.proj.bias 192 vector
        t_embedder.mlp.0.weight 192x256 sensitive
        t_embedder.mlp.2.weight 192x192 sensitive
        y_embedder.embedding_table.weight 11x192 sensitive
        blocks.0.attn.qkv.weight 576x192 Q
        blocks.0.attn.qkv.bias 576 vector
        blocks.0.attn.proj.weight 192x192 Q
        blocks.0.mlp.fc1.weight 768x192 Q
        blocks.0.mlp.fc2.weight 192x768 Q
        blocks.0.adaLN_modulation.1.weight 1152x192 Q
        final_layer.linear.weight 4x192 sensitive
        final_layer.adaLN_modulation.1.weight 384x192 sensitive
        """;

    private const string DiffWave = """
        input_projection.weight 96x24x1 narrow
        diffusion_embedding.projection1.weight 192x64 sensitive
        diffusion_embedding.projection2.weight 192x192 sensitive
        diffusion_embedding.class_embedding.weight 10x192 sensitive
        residual_layers.0.dilated_conv.weight 192x96x3 Q
        residual_layers.0.dilated_conv.bias 192 vector
        residual_layers.0.diffusion_projection.weight 96x192 Q
        residual_layers.0.output_projection.weight 192x96x1 Q
        skip_projection.weight 96x96x1 Q
        output_projection.weight 24x96x1 sensitive
        """;

    private const string StableDiffusionUnet = """
        conv_in.weight 320x4x3x3 sensitive
        time_embedding.linear_1.weight 1280x320 sensitive
        down_blocks.0.attentions.0.norm.weight 320 vector
        down_blocks.0.attentions.0.proj_in.weight 320x320x1x1 Q
        down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight 320x320 Q
        down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.weight 320x320 Q
        down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight 320x768 Q
        down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight 2560x320 Q
        down_blocks.0.attentions.0.transformer_blocks.0.ff.net.2.weight 320x1280 Q
        down_blocks.0.attentions.0.transformer_blocks.0.norm1.weight 320 vector
        down_blocks.0.attentions.0.proj_out.weight 320x320x1x1 sensitive
        down_blocks.0.resnets.0.conv1.weight 320x320x3x3 Q
        down_blocks.0.resnets.0.time_emb_proj.weight 320x1280 Q
        down_blocks.0.resnets.0.conv_shortcut.weight 640x320x1x1 Q
        down_blocks.0.downsamplers.0.conv.weight 320x320x3x3 Q
        up_blocks.0.upsamplers.0.conv.weight 1280x1280x3x3 Q
        conv_norm_out.weight 320 vector
        conv_out.weight 4x320x3x3 sensitive
        """;

    private const string Flux = """
        x_embedder.weight 3072x64 sensitive
        context_embedder.weight 3072x4096 sensitive
        time_text_embed.timestep_embedder.linear_1.weight 3072x256 sensitive
        transformer_blocks.0.norm1.linear.weight 18432x3072 sensitive
        transformer_blocks.0.attn.norm_q.weight 128 vector
        transformer_blocks.0.attn.to_q.weight 3072x3072 Q
        transformer_blocks.0.attn.add_k_proj.weight 3072x3072 Q
        transformer_blocks.0.attn.to_add_out.weight 3072x3072 Q
        transformer_blocks.0.ff.net.0.proj.weight 12288x3072 Q
        transformer_blocks.0.ff_context.net.2.weight 3072x12288 Q
        single_transformer_blocks.0.norm.linear.weight 9216x3072 sensitive
        single_transformer_blocks.0.proj_mlp.weight 12288x3072 Q
        single_transformer_blocks.0.proj_out.weight 3072x15360 sensitive
        norm_out.linear.weight 6144x3072 sensitive
        proj_out.weight 64x3072 sensitive
        """;

    [Theory]
    [InlineData(Llada)]
    [InlineData(Dit)]
    [InlineData(DiffWave)]
    [InlineData(StableDiffusionUnet)]
    [InlineData(Flux)]
    public void Decide_RealModel_KeepsWhatTheRulesSay(string listing)
    {
        (TensorInfo Tensor, string Expected)[] model = Parse(listing);
        LayerSelection selection = new(new DiffusionQuantConfig(), null);
        IReadOnlyList<LayerDecision> decisions = selection.Decide([.. model.Select(line => line.Tensor)]);
        Assert.Equal(
            model.Select(line => $"{line.Tensor.Name} {line.Expected}"),
            decisions.Select(decision => $"{decision.Tensor.Name} {decision.KeptReason ?? "Q"}"));
        Assert.All(decisions, decision => Assert.Equal(0, decision.RowAxis));
    }

    [Theory]
    [InlineData(Llada)]
    [InlineData(Dit)]
    [InlineData(DiffWave)]
    public void Decide_RealModelWithoutSensitiveLayers_KeepsOnlyVectorsAndNarrowOnes(string listing)
    {
        (TensorInfo Tensor, string Expected)[] model = Parse(listing);
        DiffusionQuantConfig config = new() { SkipSensitiveLayers = false };
        IReadOnlyList<LayerDecision> decisions = new LayerSelection(config, null).Decide([.. model.Select(line => line.Tensor)]);
        Assert.Equal(
            model.Select(line => line.Expected == "sensitive" ? "Q" : line.Expected),
            decisions.Select(decision => decision.KeptReason ?? "Q"));
    }

    private static (TensorInfo Tensor, string Expected)[] Parse(string listing) =>
    [
        .. listing.Split('\n').Select(line => line.Split(' ')).Select(parts =>
        {
            TensorShape shape = new([.. parts[1].Split('x').Select(text => long.Parse(text, CultureInfo.InvariantCulture))]);
            TensorInfo tensor = new()
            {
                Name = parts[0],
                Shape = shape,
                ElementType = ElementType.F32,
                ByteLength = 4 * shape.ElementCount,
                FilePath = "model.safetensors",
            };
            return (tensor, parts[2].Trim());
        }),
    ];
}
