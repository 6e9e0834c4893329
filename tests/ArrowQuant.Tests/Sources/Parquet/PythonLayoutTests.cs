using System.Runtime.InteropServices;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit.Parquet;
using static ArrowQuant.Tests.Sources.Parquet.OldModelFolder;

namespace ArrowQuant.Tests.Sources.Parquet;

public sealed class PythonLayoutTests : IDisposable
{
    private readonly OldModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("weights.parquet", false, 0)]
    [InlineData("model.parquet", true, 1)]
    public void Open_V1Folder_GivesRawValuesOfTheirOwnTypeInRowOrder(string file, bool longShapes, int rowsPerGroup)
    {
        float[] values = [1f, -2.5f, 0.125f, 3e-8f, 65504f, 7f];
        OldParquetFixtures.WriteV1(
            _folder.File(file),
            [
                OldRows.RawHalf("z.half", [2, 3], values, "torch.float16"),
                OldRows.Raw("a.single", [6], values, "torch.float32"),
                OldRows.RawHalf("m.numpy", [1, 6], values, "float16"),
            ],
            longShapes, rowsPerGroup);

        using IModelSource source = _folder.Open();

        Assert.Equal(["z.half", "a.single", "m.numpy"], source.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([ElementType.F16, ElementType.F32, ElementType.F16], source.Tensors.Select(tensor => tensor.ElementType));
        Assert.Equal(new TensorShape(2, 3), Tensor(source, "z.half").Shape);
        Assert.Equal(12, Tensor(source, "z.half").ByteLength);
        Assert.All(source.Tensors, tensor => Assert.Null(tensor.AlreadyQuantized));
        Assert.Equal(_folder.File(file), source.Tensors[0].FilePath);
        Assert.Equal("parquet v1", source.Description.Format);
        Half[] halves = [.. values.Select(value => (Half)value)];
        Assert.Equal(MemoryMarshal.AsBytes<Half>(halves).ToArray(), Bytes(source, "z.half"));
        Assert.Equal(values, Floats(source, "a.single"));
        Assert.Equal(Bytes(source, "z.half"), Bytes(source, "m.numpy"));
    }

    [Fact]
    public void Open_V1OddShapes_ScalarAndEmptyTensorsWork()
    {
        OldParquetFixtures.WriteV1(
            _folder.File("weights.parquet"), [OldRows.Raw("scalar", [], [4.5f]), OldRows.Raw("empty", [0, 3], [])]);

        using IModelSource source = _folder.Open("weights.parquet");

        Assert.Equal([4.5f], Floats(source, "scalar"));
        Assert.Equal(0, Tensor(source, "scalar").Shape.Rank);
        Assert.Empty(Floats(source, "empty"));
    }

    [Fact]
    public void Open_V1UnknownDType_FailsNamingIt()
    {
        OldParquetFixtures.WriteV1(_folder.File("weights.parquet"), [OldRows.Raw("w", [2], [1f, 2f], "torch.quint8")]);

        ModelFormatException e = _folder.Fails();

        Assert.Equal(
            $"'{_folder.File("weights.parquet")}' says dtype 'torch.quint8' for tensor 'w', "
            + "expected one like torch.float32, torch.float16, float16",
            e.Message);
        Assert.Equal("w", e.TensorName);
    }

    [Fact]
    public void Read_V2FullPrecisionRows_QuantTypeDecidesNotDType()
    {
        float[] values = Weights(12);
        OldParquetFixtures.WriteV2Python(
            _folder.File("model.parquet"),
            [
                OldRows.RawHalf("half", [3, 4], values, "torch.float32", "fp16"),
                OldRows.Raw("single", [12], values, "torch.float16", "fp32"),
            ]);

        using IModelSource source = _folder.Open();

        Assert.Equal("parquet v2", source.Description.Format);
        Assert.Equal(ElementType.F16, Tensor(source, "half").ElementType);
        Assert.Equal(values.Select(value => (Half)value), MemoryMarshal.Cast<byte, Half>(Bytes(source, "half")).ToArray());
        Assert.Equal(values, Floats(source, "single"));
        Assert.All(source.Tensors, tensor => Assert.Null(tensor.AlreadyQuantized));
    }

    [Theory]
    [InlineData(-1, 0)] // whole tensor
    [InlineData(0, 0)] // channel
    [InlineData(0, 5)] // groups of elements that cross rows, the last one short
    public void Read_V2Int8_SignedBytesTimesScale(long axis, long groupSize)
    {
        OldRow row = OldRows.PythonInt8("w", [4, 3, 2], Weights(24), axis, groupSize) with { ZeroPoints = [] };
        row = row with { ZeroPoints = [.. row.Scales.Select((_, g) => g - 1.5f)] };
        OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);
        int run = groupSize > 0 ? (int)groupSize : axis == 0 ? 6 : 24;
        float[] expected = new float[24];
        for (int i = 0; i < 24; i++) expected[i] = ((sbyte)row.Data[i] - row.ZeroPoints[i / run]) * row.Scales[i / run];

        using IModelSource source = _folder.Open();

        Assert.Equal("int8 rows of Parquet V2 (Python)", Tensor(source, "w").AlreadyQuantized);
        Assert.Equal(96, Tensor(source, "w").ByteLength);
        Assert.Equal(expected, Floats(source, "w"));
        Assert.Contains(row.Data, code => code > 127); // negative codes were really there
    }

    [Fact]
    public void Read_V2Int2_FirstValueInTheLowBits()
    {
        // codes 1, -2, 0, -1 | 1, 1: stored +2 as 3, 0, 2, 1 -> 0b01_10_00_11, then 3, 3 -> 0b00_00_11_11
        OldRow row = OldRows.PythonInt2("w", [2, 3], [0.5f, -1f, 0f, -0.5f, 0.5f, 0.5f], -1);
        row = row with { Data = [0b01_10_00_11, 0b00_00_11_11], Scales = [0.5f], ZeroPoints = [0f] };
        OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);

        using IModelSource source = _folder.Open();

        Assert.Equal([0.5f, -1f, 0f, -0.5f, 0.5f, 0.5f], Floats(source, "w"));
        Assert.Equal("int2 rows of Parquet V2 (Python)", Tensor(source, "w").AlreadyQuantized);
    }

    [Fact]
    public void Read_V2Int2Groups_CountElementsNotRows()
    {
        OldRow row = OldRows.PythonInt2("w", [5, 3], Weights(15, 3), 0, 4);
        OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);
        float[] expected = new float[15];
        for (int i = 0; i < 15; i++) expected[i] = ((row.Data[i / 4] >> (2 * (i % 4)) & 3) - 2) * row.Scales[i / 4];

        using IModelSource source = _folder.Open();

        Assert.Equal(4, row.Scales.Length);
        Assert.Equal(expected, Floats(source, "w"));
    }

    [Theory]
    [InlineData("int4", "says quant_type 'int4' for tensor 'w', expected int8, int2, fp16 or fp32")]
    [InlineData("none", "says quant_type 'none' for tensor 'w', expected int8, int2, fp16 or fp32")]
    public void Open_V2UnknownQuantType_Fails(string quantType, string expected)
    {
        OldRow row = OldRows.PythonInt8("w", [4], Weights(4), -1) with { QuantType = quantType };
        OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);

        Assert.Equal($"'{_folder.File("model.parquet")}' {expected}", _folder.Fails().Message);
    }

    [Theory]
    [InlineData(-1, 0, "expected 1 (whole tensor)")]
    [InlineData(0, 0, "expected 4 (channels)")]
    [InlineData(0, 7, "expected 2 (groups of 7 elements)")]
    public void Open_V2WrongScaleCount_Fails(long axis, long groupSize, string expected)
    {
        OldRow row = OldRows.PythonInt8("w", [4, 3], Weights(12), axis, groupSize);
        row = row with { Scales = [1f, 1f, 1f], ZeroPoints = [0f, 0f, 0f] };
        OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);

        Assert.Equal($"'{_folder.File("model.parquet")}' has 3 scales for tensor 'w' of shape [4, 3], {expected}", _folder.Fails().Message);
    }

    [Theory]
    [InlineData(2, 0, "says quant_axis 2 for tensor 'w', expected -1 (tensor) or 0 (channel or group)")]
    [InlineData(0, -5, "says group_size -5 for tensor 'w', expected 0 (none) or more")]
    public void Open_V2WrongAxisOrGroupSize_Fails(long axis, long groupSize, string expected)
    {
        OldRow row = OldRows.PythonInt8("w", [4, 3], Weights(12), -1) with { QuantAxis = axis, GroupSize = groupSize };
        OldParquetFixtures.WriteV2Python(_folder.File("model.parquet"), [row]);

        Assert.Equal($"'{_folder.File("model.parquet")}' {expected}", _folder.Fails().Message);
    }

    [Fact]
    public void Read_V2WrongDataLength_FailsWithBothLengths()
    {
        OldRow good = OldRows.PythonInt8("good", [4, 3], Weights(12), -1);
        OldParquetFixtures.WriteV2Python(
            _folder.File("model.parquet"),
            [good with { Name = "short", Data = good.Data[..11] }, good, OldRows.Raw("long", [2], [1f, 2f, 3f], quantType: "fp32")]);

        using IModelSource source = _folder.Open();

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Bytes(source, "short"));
        string file = _folder.File("model.parquet");
        Assert.Equal($"'{file}' holds 11 bytes of data for tensor 'short', expected 12 (12 int8 codes)", e.Message);
        Assert.Equal(("short", _folder.File("model.parquet")), (e.TensorName, e.FilePath));
        e = Assert.Throws<ModelFormatException>(() => Bytes(source, "long"));
        Assert.EndsWith("holds 12 bytes of data for tensor 'long', expected 8 (2 float32 values)", e.Message, StringComparison.Ordinal);
        Assert.Equal(12, Floats(source, "good").Length);
    }
}
