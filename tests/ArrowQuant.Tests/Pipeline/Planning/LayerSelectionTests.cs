using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Pipeline.Planning;

public sealed class LayerSelectionTests
{
    [Theory]
    [InlineData("a.weight", ElementType.F32, new long[] { 2, 32 }, null)]
    [InlineData("a.weight", ElementType.F16, new long[] { 64, 8, 2, 2 }, null)]
    [InlineData("a.weight", ElementType.F8E5M2, new long[] { 64, 64 }, null)]
    [InlineData("a.weight", ElementType.F64, new long[] { 64, 64 }, null)]
    [InlineData("a.weight", ElementType.I32, new long[] { 64, 64 }, "not_float")]
    [InlineData("a.bias", ElementType.F32, new long[] { 64 }, "vector")]
    [InlineData("a.scale", ElementType.F32, new long[] { }, "vector")]
    [InlineData("a.weight", ElementType.F32, new long[] { 1, 64 }, "vector")]
    [InlineData("a.weight", ElementType.F32, new long[] { 0, 64 }, "vector")]
    [InlineData("a.weight", ElementType.F32, new long[] { 64, 31 }, "narrow")]
    [InlineData("a.weight", ElementType.F32, new long[] { 64, 0 }, "narrow")]
    [InlineData("a.weight", ElementType.F32, new long[] { 64, 1, 5, 5 }, "narrow")]
    [InlineData("head.weight", ElementType.F32, new long[] { 64, 64 }, "sensitive")]
    [InlineData("head.bias", ElementType.F32, new long[] { 64 }, "vector")]
    [InlineData("first_stage_model.decoder.mid.weight", ElementType.F32, new long[] { 64, 64 }, "excluded")]
    [InlineData("vae.decoder.mid.weight", ElementType.F32, new long[] { 64, 64 }, "excluded")]
    [InlineData("model.vae.mid.weight", ElementType.F32, new long[] { 64, 64 }, null)]
    public void Decide_Tensor_GivesTheFirstReason(string name, ElementType type, long[] shape, string? reason)
    {
        LayerDecision decision = Decide(new DiffusionQuantConfig(), Tensor(name, type, shape));
        Assert.Equal((reason is null, reason), (decision.Quantize, decision.KeptReason));
    }

    [Fact]
    public void Decide_TransposedRows_CountsRowsAlongDimension1()
    {
        LayerDecision decision = Decide(new DiffusionQuantConfig(), Tensor("conv_transpose.weight", ElementType.F32, 16, 2, 2));
        Assert.Equal((true, 1, new MatrixView(2, 32, 1)), (decision.Quantize, decision.RowAxis, decision.View));
        LayerDecision narrow = Decide(new DiffusionQuantConfig(), Tensor("conv.weight", ElementType.F32, 16, 2, 2));
        Assert.Equal("narrow", narrow.KeptReason);
        LayerDecision single = Decide(new DiffusionQuantConfig(), Tensor("conv_transpose.weight", ElementType.F32, 64, 1, 16));
        Assert.Equal("vector", single.KeptReason);
    }

    [Fact]
    public void Decide_Gpt2_NeedsTheModelType()
    {
        TensorInfo tensor = Tensor("h.0.attn.c_attn.weight", ElementType.F32, 64, 192);
        Assert.Equal(1, new LayerSelection(new DiffusionQuantConfig(), "gpt2").Decide([tensor])[0].RowAxis);
        Assert.Equal(0, new LayerSelection(new DiffusionQuantConfig(), "llama").Decide([tensor])[0].RowAxis);
    }

    [Fact]
    public void Decide_Include_ForcesSensitiveAndLeftOutLayers()
    {
        DiffusionQuantConfig config = new() { IncludeLayers = ["^lm_head", "first_stage"] };
        Assert.True(Decide(config, Tensor("lm_head.weight")).Quantize);
        Assert.True(Decide(config, Tensor("first_stage_model.conv_in.weight")).Quantize);
        Assert.Equal("sensitive", Decide(config, Tensor("wte.weight")).KeptReason);
        Assert.Equal("vector", Decide(config, Tensor("lm_head.bias", ElementType.F32, 64)).KeptReason);
    }

    [Fact]
    public void Decide_Exclude_WinsOverEverything()
    {
        DiffusionQuantConfig config = new()
        {
            IncludeLayers = ["head"],
            ExcludeLayers = ["lm_"],
            LayerBitWidths = [new("lm_head.weight", 8)],
        };
        Assert.Equal("excluded", Decide(config, Tensor("lm_head.weight")).KeptReason);
        Assert.True(Decide(config, Tensor("head.weight")).Quantize);
    }

    [Fact]
    public void Decide_SensitiveNamesAndPatterns_Add()
    {
        DiffusionQuantConfig config = new()
        {
            SkipSensitiveLayers = false,
            SensitiveLayerNames = ["a.weight"],
            SensitiveLayerPatterns = [@"blocks\.0\."],
        };
        Assert.Equal("sensitive", Decide(config, Tensor("a.weight")).KeptReason);
        Assert.True(Decide(config, Tensor("a.weight2")).Quantize);
        Assert.Equal("sensitive", Decide(config, Tensor("x.blocks.0.fc.weight")).KeptReason);
        Assert.True(Decide(config, Tensor("blocks.01.fc.weight")).Quantize);
        Assert.True(Decide(config, Tensor("lm_head.weight")).Quantize);
    }

    [Fact]
    public void Decide_Widths_TakeExactNameThenFirstWholePattern()
    {
        DiffusionQuantConfig config = new()
        {
            LayerBitWidths =
            [
                new("a.*", 2), new("a.b.*", 8), new("a.b.weight", 4), new("k.*", 16), new("b", 8), new("wte.weight", 8),
                new(".*pe.weight", 8),
            ],
        };
        Assert.Equal(4, Decide(config, Tensor("a.b.weight")).PinnedBitWidth);
        Assert.Equal(2, Decide(config, Tensor("a.b.other")).PinnedBitWidth);
        Assert.Null(Decide(config, Tensor("xa.b")).PinnedBitWidth);
        Assert.Null(Decide(config, Tensor("bb")).PinnedBitWidth);
        LayerDecision pinned = Decide(config, Tensor("k.weight"));
        Assert.Equal((false, "pinned", null), (pinned.Quantize, pinned.KeptReason, pinned.PinnedBitWidth));
        Assert.Equal((true, 8), (Decide(config, Tensor("wte.weight")).Quantize, Decide(config, Tensor("wte.weight")).PinnedBitWidth));
        Assert.Equal("sensitive", Decide(config, Tensor("wpe.weight")).KeptReason);
    }

    [Fact]
    public void Decide_Components_MatchByFullNameAndByName()
    {
        TensorInfo inUnet = Tensor("mid.weight") with { Component = "unet" };
        TensorInfo inVae = Tensor("mid.weight") with { Component = "vae" };
        Assert.True(Decide(new DiffusionQuantConfig(), inUnet).Quantize);
        Assert.Equal("excluded", Decide(new DiffusionQuantConfig(), inVae).KeptReason);
        Assert.True(Decide(new DiffusionQuantConfig { IncludeLayers = ["^vae$"] }, inVae).Quantize);
        Assert.True(Decide(new DiffusionQuantConfig { IncludeLayers = ["vae/mid"] }, inVae).Quantize);
        Assert.Equal("excluded", Decide(new DiffusionQuantConfig { ExcludeLayers = ["^unet/mid"] }, inUnet).KeptReason);
        Assert.Equal("excluded", Decide(new DiffusionQuantConfig { ExcludeLayers = ["^mid"] }, inUnet).KeptReason);
        Assert.Equal("sensitive", Decide(new DiffusionQuantConfig { SensitiveLayerNames = ["unet/mid.weight"] }, inUnet).KeptReason);
        Assert.Equal("sensitive", Decide(new DiffusionQuantConfig { SensitiveLayerNames = ["mid.weight"] }, inUnet).KeptReason);
        Assert.Equal(8, Decide(new DiffusionQuantConfig { LayerBitWidths = [new("unet/.*", 8)] }, inUnet).PinnedBitWidth);
    }

    [Fact]
    public void KeepIfNoSmaller_LayerThatDoesNotShrink_IsKept()
    {
        LayerSelection selection = new(new DiffusionQuantConfig(), null);
        IReadOnlyList<LayerDecision> decisions = selection.Decide([Tensor("a.weight"), Tensor("b.weight"), Tensor("lm_head.weight")]);
        IReadOnlyList<LayerDecision> kept = LayerSelection.KeepIfNoSmaller(decisions, decision => decision.Tensor.Name != "b.weight");
        Assert.Equal([null, "no_smaller", "sensitive"], kept.Select(decision => decision.KeptReason));
        Assert.Equal([true, false, false], kept.Select(decision => decision.Quantize));
    }

    [Fact]
    public void Constructor_BadPatterns_AreAConfigurationError()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(
            () => new LayerSelection(new DiffusionQuantConfig { ExcludeLayers = ["(", "a)|(b"] }, null));
        Assert.Equal(2, e.Errors.Count);
        Assert.StartsWith("exclude: '(' is not a regular expression: ", e.Errors[0]);
    }

    [Fact]
    public void Decide_PatternThatExplodes_IsAConfigurationError()
    {
        DiffusionQuantConfig config = new() { ExcludeLayers = ["(a+)+(b|c)*$(?=x)"] };
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => Decide(config, Tensor(new string('a', 60) + "!")));
        Assert.Contains("takes too long", e.Message);
    }

    private static LayerDecision Decide(DiffusionQuantConfig config, TensorInfo tensor) =>
        Assert.Single(new LayerSelection(config, null).Decide([tensor]));

    private static TensorInfo Tensor(string name) => Tensor(name, ElementType.F32, 64, 64);

    private static TensorInfo Tensor(string name, ElementType type, params long[] shape) => new()
    {
        Name = name,
        Shape = new TensorShape(shape),
        ElementType = type,
        ByteLength = type.ByteLength(new TensorShape(shape).ElementCount) ?? 0,
        FilePath = "m.safetensors",
    };
}
