using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class ArtefactDecoderTests
{
    private const string Shard = "model-00001-of-00001.parquet";

    [Fact]
    public void Decode_AffineFourBitsShortLastGroup_UnpacksLowNibbleFirst()
    {
        // two rows of three columns, groups of two: codes 1 2 3 and 15 0 8, each row padded to two bytes
        string row = ArtefactFixture.Row("w", "2, 3", "21030F08", quantType: "int4", layout: "affine", scales: "0.5, 2, 1, 0.25",
            zeroPoints: "1, 0, 8, 4", groupSize: 2, rowCount: 2, method: "base");
        (long[] shape, float[] values) = DecodeOne(row);
        Assert.Equal([2, 3], shape);
        Assert.Equal([0f, 0.5f, 6f, 7f, -8f, 1f], values);
    }

    [Fact]
    public void Decode_AffineTwoBits_TakesFractionalZeroPoints()
    {
        // codes 0 1 2 3 1: byte 11_10_01_00 = E4, then 01
        string row = ArtefactFixture.Row("w", "1, 5", "E401", quantType: "int2", layout: "affine", scales: "2", zeroPoints: "1.5",
            groupSize: 128, method: "base");
        Assert.Equal([-3f, -1f, 1f, 3f, -1f], DecodeOne(row).Values);
    }

    [Fact]
    public void Decode_EightBitsPerChannel_HasOneGridARow()
    {
        string row = ArtefactFixture.Row("w", "2, 2", "00FF8001", quantType: "int8", layout: "affine", scales: "1, 2",
            zeroPoints: "128, 0", quantAxis: 0, rowCount: 2, method: "per_channel");
        Assert.Equal([-128f, 127f, 256f, 2f], DecodeOne(row).Values);
    }

    [Fact]
    public void Decode_LatticeTwo_CodesAscendWithTheValue()
    {
        string row = ArtefactFixture.Row("w", "1, 4", "E4", quantType: "int2", layout: "lattice2", levels: "2, 0.5",
            groupSize: 4, method: "r2q");
        Assert.Equal([-2.5f, -1.5f, 1.5f, 2.5f], DecodeOne(row).Values);
    }

    [Fact]
    public void Decode_LatticeThree_AddsTheOffsetOfItsGroup()
    {
        string row = ArtefactFixture.Row("w", "1, 4", "E4", quantType: "int2", layout: "lattice3", levels: "10, 2, 0.5, -1, 4, 1",
            groupSize: 2, method: "r2q");
        Assert.Equal([7.5f, 8.5f, 2f, 4f], DecodeOne(row).Values);
    }

    [Fact]
    public void Decode_TrellisFour_StatesGoDownTheColumns()
    {
        // Column 0: codes 1, 2: states 1, 6: values 76, -57. Column 1: codes 3, 0: states 3, 12: values -38, 127.
        string row = ArtefactFixture.Row("w", "2, 2", "0D02", quantType: "int2", layout: "trellis4", scales: "0.5, 2",
            groupSize: 2, rowCount: 2, method: "base");
        Assert.Equal([38f, -19f, -114f, 254f], DecodeOne(row).Values);
    }

    [Fact]
    public void Decode_Hadamard_RotatesGroupsBackAndLeavesTheRest()
    {
        // Values 3, 1, 5: the block of two becomes (4, 2) / sqrt(2) with signs, the third column is a block of one.
        string row = ArtefactFixture.Row("w", "1, 3", "030105", quantType: "int8", layout: "affine", scales: "1, 1", zeroPoints: "0, 0",
            groupSize: 2, method: "base", transform: "hadamard:0");
        float[] values = DecodeOne(row).Values;
        Assert.Equal([2.828427f, 1.414214f, 5f], values.Select(Math.Abs), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void Decode_EqualizationScales_MultiplyEveryColumnOfTheirChannel()
    {
        string spatial = """{"enabled":true,"channel_equalization":true,"alpha":0.5,"equalization_scales":[2,10]}""";
        string row = ArtefactFixture.Row("w", "1, 2, 2", "01020304", quantType: "int8", layout: "affine", scales: "1",
            zeroPoints: "0", groupSize: 4, spatial: spatial, method: "gptq");
        Assert.Equal([2f, 4f, 30f, 40f], DecodeOne(row).Values);
    }

    [Fact]
    public void Decode_RowAxisOne_RestoresTheSourceOrder()
    {
        // source [2, 3, 2]; the stored view is [3 rows, 2 * 2 columns]
        string row = ArtefactFixture.Row("w", "2, 3, 2", "000102030405060708090A0B", quantType: "int8", layout: "affine",
            scales: "1, 1, 1", zeroPoints: "0, 0, 0", groupSize: 4, rowAxis: 1, rowCount: 3, method: "base");
        (long[] shape, float[] values) = DecodeOne(row);
        Assert.Equal([2, 3, 2], shape);
        Assert.Equal([0f, 1f, 4f, 5f, 8f, 9f, 2f, 3f, 6f, 7f, 10f, 11f], values);
    }

    [Theory]
    [InlineData("float32", "0000803F000000C0")]
    [InlineData("float16", "003C00C0")]
    [InlineData("bfloat16", "803F00C0")]
    [InlineData("int32", "01000000FEFFFFFF")]
    public void Decode_KeptTensor_ReadsRawValues(string dtype, string data) =>
        Assert.Equal([1f, -2f], DecodeOne(ArtefactFixture.Row("b", "2", data, dtype)).Values);

    [Fact]
    public void Decode_ScalarAndEmptyTensors_KeepTheirShapes()
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, 2, ArtefactFixture.Row("scalar", "", "0000803F"), ArtefactFixture.Row("empty", "0, 4", "", rowCount: 0));
        Dictionary<string, (long[] Shape, float[] Values)> tensors = ArtefactDecoder.Decode(fixture.Folder);
        Assert.Equal([1f], tensors["scalar"].Values);
        Assert.Equal([0, 4], tensors["empty"].Shape);
        Assert.Empty(tensors["empty"].Values);
    }

    [Fact]
    public void Decode_BlocksOfOneLayer_AreJoinedByRowStart()
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, 2, Block(rowStart: 2, rowCount: 1, "05"), Block(rowStart: 0, rowCount: 2, "0102"));
        Assert.Equal([1f, 2f, 5f], ArtefactDecoder.Decode(fixture.Folder)["w"].Values);
    }

    [Fact]
    public void Decode_SeveralShardsAndComponents_NamesTensorsByComponent()
    {
        using ArtefactFixture fixture = new();
        fixture.Add("model-00001-of-00002.parquet", 1, ArtefactFixture.Row("a", "1", "0000803F"));
        fixture.Add("model-00002-of-00002.parquet", 1, ArtefactFixture.Row("b", "1", "0000803F"));
        fixture.Add("unet/" + Shard, 1, ArtefactFixture.Row("c", "1", "0000803F"));
        Assert.Equal(["a", "b", "unet/c"], ArtefactDecoder.Decode(fixture.Folder).Keys);
    }

    [Fact]
    public void Decode_GapBetweenBlocks_IsRefused() =>
        Refused("w: a block begins at row 2, expected 1", Block(0, 1, "01"), Block(2, 1, "05"));

    [Fact]
    public void Decode_MissingLastRows_IsRefused() => Refused("w: its blocks have 2 of 3 rows", Block(0, 2, "0102"));

    [Fact]
    public void Decode_TooManyRows_IsRefused() => Refused("w: its blocks have more than 3 rows", Block(0, 3, "010203"), Block(3, 1, "04"));

    [Fact]
    public void Decode_MissingCodes_IsRefused() => Refused("w: has 1 bytes of codes, expected 3 rows of 1", Block(0, 3, "01"));

    [Fact]
    public void Decode_UnknownQuantType_IsRefused() =>
        Refused("w: quant_type int3 is not known", ArtefactFixture.Row("w", "1, 1", "00", quantType: "int3"));

    [Fact]
    public void Decode_UnknownMethod_IsRefused() =>
        Refused("w: method magic is not known", ArtefactFixture.Row("w", "1, 1", "00000000", method: "magic"));

    [Fact]
    public void Decode_UnknownTransform_IsRefused() =>
        Refused("w: transform hadamard of a kept tensor is not known", ArtefactFixture.Row("w", "1, 1", "00", transform: "hadamard"));

    [Fact]
    public void Decode_LatticeAtFourBits_IsRefused() => Refused("w: layout lattice2 at 4 bits is not known",
        ArtefactFixture.Row("w", "1, 1", "00", quantType: "int4", layout: "lattice2", levels: "1, 1", groupSize: 1, method: "r2q"));

    [Fact]
    public void Decode_UnknownDtypeOfKeptTensor_IsRefused() =>
        Refused("b: dtype float12 is not known", ArtefactFixture.Row("b", "1", "0000", "float12"));

    [Fact]
    public void Decode_FooterWithOtherRowCount_IsRefused()
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, 3, ArtefactFixture.Row("a", "1", "0000803F"));
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => ArtefactDecoder.Decode(fixture.Folder));
        Assert.Contains("arrowquant.complete is 3, the file has 1 rows", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_ListedShardMissing_IsRefused()
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, 1, ArtefactFixture.Row("a", "1", "0000803F"));
        File.Delete(Path.Combine(fixture.Folder, Shard));
        Assert.Contains(Shard, Assert.Throws<FileNotFoundException>(() => ArtefactDecoder.Decode(fixture.Folder)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ReadRows_HandMadeRow_CarriesTheStatedFigures()
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, 1, Block(0, 3, "010203"));
        ArtefactRow row = Assert.Single(ArtefactDecoder.ReadRows(fixture.Folder));
        Assert.Equal(("w", "int8", "base", "image"), (row.LayerName, row.QuantType, row.Method, row.Modality));
        Assert.Equal(0.5, row.CosineSimilarity);
        Assert.Null(row.Nmse);
    }

    // rows of a [3, 1] layer at 8 bits whose values are its codes
    private static string Block(int rowStart, int rowCount, string data) =>
        ArtefactFixture.Row("w", "3, 1", data, quantType: "int8", layout: "affine",
            scales: string.Join(',', Enumerable.Repeat(1, rowCount)), zeroPoints: string.Join(',', Enumerable.Repeat(0, rowCount)),
            groupSize: 128, rowStart: rowStart, rowCount: rowCount, method: "base");

    private static (long[] Shape, float[] Values) DecodeOne(string row)
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, 1, row);
        return Assert.Single(ArtefactDecoder.Decode(fixture.Folder)).Value;
    }

    private static void Refused(string message, params string[] rows)
    {
        using ArtefactFixture fixture = new();
        fixture.Add(Shard, rows.Length, rows);
        Assert.Equal(message, Assert.Throws<InvalidDataException>(() => ArtefactDecoder.Decode(fixture.Folder)).Message);
    }
}
