using System.Runtime.InteropServices;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Pipeline.Planning;

public sealed class BiasCorrectionTests
{
    [Fact]
    public void Apply_Float32_AddsInSinglePrecision()
    {
        byte[] values = MemoryMarshal.AsBytes<float>([1.5f, -2f, 1e-3f]).ToArray();
        BiasCorrection.Apply(values, ElementType.F32, [0.25f, 1e-3f, -1e-3f]);
        Assert.Equal([1.75f, -2f + 1e-3f, 0f], MemoryMarshal.Cast<byte, float>(values).ToArray());
    }

    [Fact]
    public void Apply_Float16_RoundsToNearestEven()
    {
        byte[] values = MemoryMarshal.AsBytes<Half>([(Half)1f, (Half)1f, (Half)(-4f)]).ToArray();
        BiasCorrection.Apply(values, ElementType.F16, [0.1f, 1 / 2048f, 1 / 1024f]);
        Assert.Equal([(Half)1.1f, (Half)1f, (Half)(-4f + 1 / 1024f)], MemoryMarshal.Cast<byte, Half>(values).ToArray());
    }

    [Fact]
    public void Apply_BFloat16_RoundsToNearestEven()
    {
        ushort[] ones = [0x3F80, 0x3F80, 0x3F81, 0x3F80, 0xBF80];
        byte[] values = MemoryMarshal.AsBytes<ushort>(ones).ToArray();
        const float Half = 1 / 256f;
        BiasCorrection.Apply(values, ElementType.BF16, [Half, 1.01f * Half, Half, 0, -Half]);
        Assert.Equal([0x3F80, 0x3F81, 0x3F82, 0x3F80, 0xBF80], MemoryMarshal.Cast<byte, ushort>(values).ToArray());
    }

    [Fact]
    public void Find_Biases_AreThoseOfAQuantizedWeightInATypeThatFits()
    {
        using ModelFiles files = new();
        using IModelSource source = Open(files);
        ModelPlan plan = Plan(source);
        Assert.Equal(["brain.bias", "good.bias", "half.bias"], Names(plan, plan.BiasOf));
        Assert.All(plan.BiasOf, pair => Assert.Equal(
            plan.Tensors[pair.Key].Tensor.FullName.Replace(".weight", ".bias", StringComparison.Ordinal),
            plan.Tensors[pair.Value].Tensor.FullName));
        Assert.All(plan.BiasOf, pair => Assert.Equal(pair.Key, plan.LayerOfBias[pair.Value]));
    }

    [Fact]
    public void Find_BiasInAnotherShardThanItsWeight_IsNotCorrected()
    {
        using ModelFiles files = new();
        using IModelSource source = Open(files);
        ModelPlan plan = Plan(source);
        PlannedShard shard = Assert.Single(plan.Shards);
        int bias = plan.Tensors.Single(tensor => tensor.Tensor.FullName == "good.bias").Index;
        PlannedShard[] apart =
            [shard with { TensorIndices = [.. shard.TensorIndices.Where(index => index != bias)] }, shard with { TensorIndices = [bias] }];
        Assert.Equal(["brain.bias", "half.bias"], Names(plan, BiasCorrection.Find(plan.Tensors, apart)));
    }

    private static IEnumerable<string> Names(ModelPlan plan, IReadOnlyDictionary<int, int> biasOf) =>
        biasOf.Values.Select(index => plan.Tensors[index].Tensor.FullName).Order(StringComparer.Ordinal);

    private static IModelSource Open(ModelFiles files)
    {
        SafeTensorsBuilder weights = new();
        Layer(weights, "good", ElementType.F32, 64);
        Layer(weights, "half", ElementType.F16, 64);
        Layer(weights, "brain", ElementType.BF16, 64);
        Layer(weights, "integer", ElementType.I32, 64);
        Layer(weights, "short", ElementType.F32, 63);
        weights.Add("alone.weight", ElementType.F32, 64, 64);
        weights.Add("narrow.weight", ElementType.F32, 64, 2).Add("narrow.bias", ElementType.F32, 64);
        files.Write("model.safetensors", weights.Build());
        return ModelPlanner.Open(files.Root, new DiffusionQuantConfig(), new QuantizationRunOptions());
    }

    private static ModelPlan Plan(IModelSource source) =>
        ModelPlanner.Plan(source, new DiffusionQuantConfig { Modality = Modality.Image }, new QuantizationRunOptions());

    private static void Layer(SafeTensorsBuilder builder, string name, ElementType bias, long length)
    {
        builder.Add(name + ".weight", ElementType.F32, 64, 64);
        builder.Add(name + ".bias", bias, length);
    }
}
