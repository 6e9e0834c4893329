using ArrowQuant.Configuration;
using ArrowQuant.Sources;

namespace ArrowQuant.Tests.Sources;

public sealed class ModalityTableTests
{
    [Theory]
    [InlineData(Modality.Image, "DiT DiTTransformer2DModel DiTPipeline dit UNet2DConditionModel UNet2DModel")]
    [InlineData(Modality.Image, "FluxTransformer2DModel FluxPipeline UViT")]
    [InlineData(Modality.Image, "SD3Transformer2DModel PixArtTransformer2DModel PixArtAlphaPipeline")]
    [InlineData(Modality.Image, "StableDiffusionPipeline StableDiffusionXLPipeline")]
    [InlineData(Modality.Image, "StableDiffusion3Pipeline stable-diffusion-v1 flux-1-dev KandinskyV22Pipeline")]
    [InlineData(Modality.Image, "HunyuanDiT2DModel SanaTransformer2DModel")]
    [InlineData(
        Modality.Image, "LatentConsistencyModelPipeline DDPMPipeline AuraFlowTransformer2DModel QwenImagePipeline HiDreamImagePipeline")]
    [InlineData(Modality.Text, "LLaDAModelLM llada LLaDAMoEModelLM DreamModel Dream MDLM mdlm SEDD BD3LM bd3lm DiffuLLaMA DiffuGPT")]
    [InlineData(Modality.Code, "DiffuCoder DiffuCoderModel diffucoder DreamCoder Dream-Coder CodeLLaDA code-diffusion code")]
    [InlineData(Modality.Audio, "DiffWave diffwave AudioLDMPipeline AudioLDM2Pipeline StableAudioPipeline")]
    [InlineData(Modality.Audio, "StableAudioDiTModel stable-audio-open-1.0")]
    [InlineData(Modality.Audio, "MusicLDMPipeline AudioDiffusionPipeline DanceDiffusionPipeline WaveGrad UNet1DModel")]
    [InlineData(null, "BertModel GPT2LMHeadModel gpt2 CLIPTextModel T5EncoderModel AutoencoderKL EncoderDecoderModel EncodecModel")]
    [InlineData(null, "diffusion distilbert DreamBooth Unknown decoder encoder")]
    public void Of_KnownNames_HaveTheirModality(Modality? expected, string names) =>
        Assert.All(names.Split(' '), name => Assert.Equal((name, expected), (name, ModalityTable.Of(name))));

    [Theory]
    [InlineData("text", true)]
    [InlineData("IMAGE", true)]
    [InlineData("video", false)]
    [InlineData("1", false)]
    [InlineData("", false)]
    public void TryParse_Value_IsAModality(string value, bool expected) => Assert.Equal(expected, ModalityTable.TryParse(value, out _));
}
