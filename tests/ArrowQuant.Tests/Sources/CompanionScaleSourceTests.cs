using System.Buffers.Binary;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Sources;

public sealed class CompanionScaleSourceTests
{
    private const byte One = 0x38; // E4M3

    [Theory]
    [InlineData("l.weight_scale")]
    [InlineData("l.weight_scale_inv")]
    [InlineData("l.scale_weight")]
    [InlineData("l.scale")]
    public void Open_ScalarCompanion_IsAppliedDroppedAndNoted(string name)
    {
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("l.weight", ElementType.F8E4M3, [2, 3], [One, 0x40, 0xB8, 0x30, 0, 0x7E])
            .Add(name, [0.5f])
            .Add("l.bias", [7f], 1)
            .Build();
        using IModelSource source = ModelSource.Open(files.Write("m.safetensors", file));
        Assert.Equal(["l.weight", "l.bias"], source.Tensors.Select(tensor => tensor.Name));
        TensorInfo weight = source.Tensors[0];
        Assert.Equal((ElementType.F32, 24L, "[2, 3]"), (weight.ElementType, weight.ByteLength, weight.Shape.ToString()));
        Assert.Equal([0.5f, 1f, -0.5f, 0.25f, 0f, 224f], ReadAll(source, weight));
        Assert.Equal([7f], ReadAll(source, source.Tensors[1]));
        Assert.Equal([$"FP8 scales applied to 1 weights and dropped (l.weight * {name})"], source.Description.Notes);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(2, 1)]
    public void Read_ScalePerRow_FollowsTheRow(params int[] shape)
    {
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("l.weight", ElementType.F8E5M2, [2, 2, 2], [0x3C, 0x40, 0x3C, 0x3C, 0x3C, 0x3C, 0x44, 0x3C])
            .Add("l.weight_scale", [2f, 10f], [.. shape.Select(dimension => (long)dimension)])
            .Build();
        using IModelSource source = ModelSource.Open(files.Write("m.safetensors", file));
        Assert.Equal([2f, 4f, 2f, 2f, 10f, 10f, 40f, 10f], ReadAll(source, source.Tensors[0]));
    }

    [Fact]
    public void Read_BlockScales_FollowTheBlockAtEveryOffset()
    {
        const int Rows = 130;
        const int Columns = 300;
        byte[] codes = [.. Enumerable.Range(0, Rows * Columns).Select(i => (byte)(i % 0x7F))];
        float[] scales = [1f, 2f, 4f, 8f, 16f, 32f];
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("l.weight", ElementType.F8E4M3, [Rows, Columns], codes)
            .Add("l.weight_scale_inv", scales, 2, 3)
            .Build();
        using IModelSource source = ModelSource.Open(files.Write("m.safetensors", file));
        TensorInfo weight = Assert.Single(source.Tensors);
        byte[] whole = new byte[weight.ByteLength];
        source.Read(weight, 0, whole);
        for (int i = 0; i < codes.Length; i++)
        {
            float plain = (codes[i] & 0x78) == 0 ? (codes[i] & 7) / 512f : (8 + (codes[i] & 7)) * MathF.Pow(2, (codes[i] >> 3) - 10);
            float scale = scales[i / Columns / 128 * 3 + i % Columns / 128];
            Assert.Equal(plain * scale, BinaryPrimitives.ReadSingleLittleEndian(whole.AsSpan(4 * i)));
        }

        foreach ((int offset, int length) in new[] { (1, 3), (3, 2), (0, 16385), (16383, 16391), (whole.Length - 5, 5) })
        {
            byte[] part = new byte[length];
            source.Read(weight, offset, part);
            Assert.Equal(whole[offset..(offset + length)], part);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(weight, whole.Length - 4, new byte[5]));
    }

    [Theory]
    [InlineData(ElementType.F16, 0x00, 0x40)]
    [InlineData(ElementType.BF16, 0x00, 0x40)]
    public void Read_HalfScales_AreDecoded(ElementType type, byte low, byte high)
    {
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("l.weight", ElementType.F8E4M3, [1, 2], [One, One])
            .Add("l.weight_scale", type, [1], [low, high])
            .Build();
        using IModelSource source = ModelSource.Open(files.Write("m.safetensors", file));
        Assert.Equal([2f, 2f], ReadAll(source, source.Tensors[0]));
    }

    [Fact]
    public void Open_ScaleShapeDoesNotFit_NamesBothShapes()
    {
        using ModelFiles files = new();
        string path = files.Write(
            "m.safetensors",
            new SafeTensorsBuilder().Add("l.weight", ElementType.F8E4M3, 4, 2).Add("l.weight_scale", [1f, 2f, 3f], 3).Build());
        ShapeMismatchException e = Assert.Throws<ShapeMismatchException>(() => ModelSource.Open(path));
        Assert.Equal(
            $"{path}: tensor 'l.weight_scale': shape [3] does not fit l.weight [4, 2], "
            + "expected one scale, [4] or [4, 1] for rows, or [1, 1] for blocks of 128",
            e.Message);
        Assert.Equal((path, "l.weight_scale"), (e.FilePath, e.TensorName));
    }

    [Fact]
    public void Open_ScaleOfAWrongType_IsRefused()
    {
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("l.weight", ElementType.F8E4M3, 4, 2)
            .Add("l.weight_scale", ElementType.F8E8M0, 1)
            .Build();
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Write("m.safetensors", file)));
        Assert.Contains("scales of l.weight have type float8_e8m0, expected float32, float16 or bfloat16", e.Message);
    }

    [Fact]
    public void Open_TwoCompanions_IsRefused()
    {
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("l.weight", ElementType.F8E4M3, 4, 2)
            .Add("l.weight_scale", [1f], 1)
            .Add("l.scale", [1f], 1)
            .Build();
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Write("m.safetensors", file)));
        Assert.Contains("has the companions l.weight_scale and l.scale, expected one", e.Message);
        Assert.Equal("l.weight", e.TensorName);
    }

    [Fact]
    public void Open_WeightsThatAreNotFp8_KeepTheirScales()
    {
        using ModelFiles files = new();
        byte[] file = new SafeTensorsBuilder()
            .Add("n.weight", [1f, 2f], 2).Add("n.scale", [3f], 1).Add("p.weight", ElementType.F8E4M3, 1, 2).Build();
        using IModelSource source = ModelSource.Open(files.Write("m.safetensors", file));
        Assert.Equal(["n.weight", "n.scale", "p.weight"], source.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(ElementType.F8E4M3, source.Tensors[2].ElementType);
        Assert.Empty(source.Description.Notes);
    }

    private static float[] ReadAll(IModelSource source, TensorInfo tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        source.Read(tensor, 0, bytes);
        float[] values = new float[bytes.Length / 4];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(4 * i));
        return values;
    }
}
