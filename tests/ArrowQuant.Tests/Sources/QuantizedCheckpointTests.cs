using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Sources;

public sealed class QuantizedCheckpointTests
{
    [Theory]
    [InlineData("bitsandbytes", "l.weight:U8 l.weight.absmax:F32 l.weight.quant_map:F32 l.weight.quant_state.bitsandbytes__nf4:U8", null)]
    [InlineData("bitsandbytes", "l.weight:I8 l.SCB:F32", null)]
    [InlineData("bitsandbytes", "l.weight:U8 l.weight.quant_state.bitsandbytes__fp4:U8", "bitsandbytes")]
    [InlineData("compressed-tensors", "l.weight_packed:I32 l.weight_scale:F32 l.weight_shape:I64", null)]
    [InlineData("int8 with weight_scale", "l.weight:I8 l.weight_scale:F32", null)]
    [InlineData("GPTQ", "l.qweight:I32 l.qzeros:I32 l.scales:F16 l.g_idx:I32", null)]
    [InlineData("AWQ", "l.qweight:I32 l.qzeros:I32 l.scales:F16", "awq")]
    [InlineData("GPTQ", "l.qweight:I32 l.qzeros:I32 l.scales:F16", "gptq")]
    [InlineData("hqq", "l.weight:U8", "hqq")]
    [InlineData(null, "l.weight:F32 l.weight_scale:F32", null)]
    [InlineData(null, "l.weight:U8", null)]
    [InlineData(null, "l.weight:F8E4M3 l.weight_scale_inv:F32", "fp8")]
    [InlineData(null, "l.weight:F8E4M3 l.weight_scale:F32", "compressed-tensors")]
    [InlineData(null, "l.qweight:I32", null)]
    public void Mark_Weights_NameTheScheme(string? expected, string tensors, string? method)
    {
        (IReadOnlyList<TensorInfo> marked, string? note) = QuantizedCheckpoint.Mark(Parse(tensors), method);
        Assert.Equal(expected, marked[0].AlreadyQuantized);
        Assert.All(marked.Skip(1).Where(tensor => tensor.ElementType == ElementType.F32), tensor => Assert.Null(tensor.AlreadyQuantized));
        Assert.Null(note);
    }

    [Fact]
    public void Mark_ConfigurationClaimsWhatNoTensorShows_IsNoted()
    {
        (IReadOnlyList<TensorInfo> marked, string? note) = QuantizedCheckpoint.Mark(Parse("l.weight:F16"), "bitsandbytes");
        Assert.Null(marked[0].AlreadyQuantized);
        Assert.Equal("config.json says quant_method 'bitsandbytes', but no tensor is quantized; the weights are taken as they are", note);
    }

    private static TensorInfo[] Parse(string tensors) =>
        [.. tensors.Split(' ').Select(text => text.Split(':')).Select(parts => new TensorInfo
    {
        Name = parts[0],
        Shape = new TensorShape(4, 8),
        ElementType = Enum.Parse<ElementType>(parts[1]),
        ByteLength = 32,
        FilePath = "m.safetensors",
    })];
}
