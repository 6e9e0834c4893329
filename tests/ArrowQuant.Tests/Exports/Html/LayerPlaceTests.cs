using ArrowQuant.Exports.Html;

namespace ArrowQuant.Tests.Exports.Html;

public sealed class LayerPlaceTests
{
    [Fact]
    public void Of_TransformerNames_FindsBlocksAndModules() => Assert.Equal(
        [
            new LayerPlace("blocks", "blocks.0", "attn.qkv"), new LayerPlace("blocks", "blocks.0", "adaLN_modulation.1"),
            new LayerPlace("blocks", "blocks.1", "attn.qkv"), new LayerPlace("blocks", "blocks.1", "adaLN_modulation.1"),
            new LayerPlace("", "", "x_embedder.proj"),
        ],
        LayerPlace.Of(
        [
            "blocks.0.attn.qkv.weight", "blocks.0.adaLN_modulation.1.weight", "blocks.1.attn.qkv.weight",
            "blocks.1.adaLN_modulation.1.weight", "x_embedder.proj.weight",
        ]));

    [Fact]
    public void Of_NestedNames_TakesTheInnermostBlockThatLayersShare() => Assert.Equal(
        [
            new LayerPlace("unet/transformer_blocks", "unet/down.0.attentions.1.transformer_blocks.0", "attn1.to_out.0"),
            new LayerPlace("unet/transformer_blocks", "unet/down.0.attentions.1.transformer_blocks.0", "ff.net.0.proj"),
            new LayerPlace("unet/attentions", "unet/down.0.attentions.1", "proj_in"),
            new LayerPlace("unet/resnets", "unet/down.0.resnets.0", "conv1"),
            new LayerPlace("unet/resnets", "unet/down.0.resnets.0", "conv2"),
            new LayerPlace("unet/down", "unet/down.0", "downsamplers.0.conv"),
        ],
        LayerPlace.Of(
        [
            "unet/down.0.attentions.1.transformer_blocks.0.attn1.to_out.0.weight",
            "unet/down.0.attentions.1.transformer_blocks.0.ff.net.0.proj.weight", "unet/down.0.attentions.1.proj_in.weight",
            "unet/down.0.resnets.0.conv1.weight", "unet/down.0.resnets.0.conv2.weight", "unet/down.0.downsamplers.0.conv.weight",
        ]));

    [Theory]
    [InlineData("0.a.weight", "0.b.weight", "blocks")]
    [InlineData("", "..", "")]
    [InlineData("...0...", "/0/", "")]
    [InlineData("12", "12.weight", "")]
    public void Of_OddNames_HasAPlace(string first, string second, string family) =>
        Assert.Equal(family, LayerPlace.Of([first, second])[0].Family);

    [Theory]
    [InlineData("blocks.2", "blocks.10", -1)]
    [InlineData("blocks.10", "blocks.10", 0)]
    [InlineData("down.1", "down.1.attn.0", -1)]
    [InlineData("up.0", "down.5", 1)]
    public void CompareBlocks_Numbers_AreOrderedAsNumbers(string left, string right, int order) =>
        Assert.Equal(order, Math.Sign(LayerPlace.CompareBlocks(left, right)));
}
