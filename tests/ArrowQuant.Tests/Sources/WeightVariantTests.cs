using ArrowQuant.Sources;

namespace ArrowQuant.Tests.Sources;

public sealed class WeightVariantTests
{
    [Theory]
    [InlineData("model.safetensors", null)]
    [InlineData("model.fp16.safetensors", "fp16")]
    [InlineData("model.non_ema.safetensors", "non_ema")]
    [InlineData("model-00001-of-00002.safetensors", null)]
    [InlineData("model.fp16-00001-of-00002.safetensors", "fp16")]
    [InlineData("model-00001-of-00002.fp16.safetensors", "fp16")]
    [InlineData("model.safetensors.index.json", null)]
    [InlineData("model.safetensors.index.fp16.json", "fp16")]
    [InlineData("model.fp16.safetensors.index.json", "fp16")]
    [InlineData("diffusion_pytorch_model.bf16.safetensors", "bf16")]
    [InlineData("diffusion_pytorch_model.safetensors.index.json", null)]
    [InlineData("sd_xl_base_1.0.safetensors", null)]
    [InlineData("v1-5-pruned.emaonly.safetensors", null)]
    [InlineData("unet.fp16.safetensors", "fp16")]
    [InlineData("config.json", null)]
    public void Of_FileName_IsTheVariant(string name, string? variant) => Assert.Equal(variant, WeightVariant.Of(name));
}
