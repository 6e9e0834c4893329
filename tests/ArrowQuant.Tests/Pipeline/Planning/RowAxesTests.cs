using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Pipeline.Planning;

public sealed class RowAxesTests
{
    [Theory]
    [InlineData("decoder.conv_transpose.weight", 3, null, 1)]
    [InlineData("decoder.ConvTranspose1d_0.weight", 3, null, 1)]
    [InlineData("up.convtranspose.weight", 4, null, 1)]
    [InlineData("spectrogram_upsampler.conv_transposed1.weight", 4, null, 1)]
    [InlineData("transposed_conv.weight", 3, null, 1)]
    [InlineData("decoder.convtr.weight", 3, null, 1)]
    [InlineData("deconv1.weight", 4, null, 1)]
    [InlineData("conv_transpose.weight", 2, null, 0)]
    [InlineData("up_blocks.0.upsamplers.0.conv.weight", 4, null, 0)]
    [InlineData("upsample.weight", 3, null, 0)]
    [InlineData("dilated_conv.weight", 3, null, 0)]
    [InlineData("h.0.attn.c_attn.weight", 2, "gpt2", 1)]
    [InlineData("h.0.attn.c_proj.weight", 2, "GPT2", 1)]
    [InlineData("h.0.mlp.c_fc.weight", 2, "gpt2", 1)]
    [InlineData("h.0.mlp.c_fc.weight", 2, "gpt_bigcode", 0)]
    [InlineData("h.0.mlp.c_fc.weight", 2, null, 0)]
    [InlineData("lm_head.weight", 2, "gpt2", 0)]
    [InlineData("c_fc.bias", 1, "gpt2", 0)]
    public void Of_Weight_IsItsOutputDimension(string name, int rank, string? modelType, int expected)
    {
        long[] shape = [.. Enumerable.Repeat(4L, rank)];
        Assert.Equal(expected, RowAxes.Of(name, new TensorShape(shape), modelType));
    }
}
