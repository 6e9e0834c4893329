using System.Buffers.Binary;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.TestKit.Parquet;
using ParquetSharp;
using static ArrowQuant.Tests.Sources.Parquet.OldModelFolder;

namespace ArrowQuant.Tests.Sources.Parquet;

public sealed class ParquetBadInputTests : IDisposable
{
    private const string Name = "weights.parquet";
    private readonly OldModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FileCutInHalf_SaysThatItIsCutOff()
    {
        byte[] half = ValidFile()[..^400];
        File.WriteAllBytes(_folder.File(Name), half);

        AssertFails($"is cut off: its {half.Length} bytes do not end with PAR1; copy it again");
    }

    [Theory]
    [InlineData("", "is not a Parquet file: it has 0 bytes, the smallest has 12")]
    [InlineData("PAR1PAR1", "is not a Parquet file: it has 8 bytes, the smallest has 12")]
    [InlineData("safetensors, not parquet", "is not a Parquet file: it begins with 73616665, not 50415231 (PAR1)")]
    [InlineData("PAREsomething....PARE", "is an encrypted Parquet file; decrypt it first")]
    [InlineData("PAR1....ABCDPAR1", "is damaged: it names a footer of 1145258561 bytes in a file of 16 bytes")]
    public void Open_NotParquet_SaysWhy(string content, string expected)
    {
        _folder.Write(Name, content);

        AssertFails(expected);
    }

    [Fact]
    public void Open_FooterOfNoise_IsDamagedInOneLine()
    {
        byte[] file = ValidFile();
        int footer = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - 8));
        file.AsSpan(file.Length - 8 - footer, footer).Fill(0xFF);
        File.WriteAllBytes(_folder.File(Name), file);

        ModelFormatException e = _folder.Fails(Name);

        Assert.StartsWith($"'{_folder.File(Name)}' is damaged: its headers cannot be read (", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("); copy or export the file again", e.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidDataException>(e.InnerException);
    }

    [Fact]
    public void Read_DamagedPage_NamesTheTensor()
    {
        byte[] file = ValidFile();
        int at = file.AsSpan().IndexOf("0123456789abcdef"u8); // inside the data column
        Assert.True(at > 0);
        file.AsSpan(at - 84, 20).Fill(0xFF); // the length before the value and the page header
        File.WriteAllBytes(_folder.File(Name), file);

        using IModelSource source = _folder.Open(Name);

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Bytes(source, "w"));
        string expected = $"'{_folder.File(Name)}' is damaged: the values of tensor 'w' cannot be read (";
        Assert.StartsWith(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal("w", e.TensorName);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Open_AnotherTable_ListsWhatIsMissing()
    {
        new ParquetTable(1).Text("layer_name", ["w"], nullable: false).LongIntegers("price", [1], nullable: false)
            .Write(_folder.File(Name), Compression.Zstd);

        AssertFails("is not a model of a known layout: as Parquet V1 it lacks 'shape', 'dtype', 'data', 'num_params'; "
            + "it has 'layer_name', 'price'");
    }

    [Fact]
    public void Open_QuantTypeWithoutScales_Fails()
    {
        V1Table().Text("quant_type", ["int8"], nullable: true).Write(_folder.File(Name), Compression.Zstd);

        AssertFails("has the column 'quant_type' but no 'scales'; expected a list or binary column 'scales' beside it");
    }

    [Fact]
    public void Open_NoRows_Fails()
    {
        OldParquetFixtures.V1Columns([], longShapes: false).Write(_folder.File(Name), Compression.Zstd);

        AssertFails("holds no rows, expected one per tensor");
    }

    [Fact]
    public void Open_ColumnsOfWrongTypes_NameColumnFoundAndExpected()
    {
        ParquetTable Four() => new ParquetTable(1).Text("dtype", ["float32"], true).LongIntegers("num_params", [1], true);
        (ParquetTable Table, string Expected)[] cases =
        [
            (Four().Text("layer_name", ["w"], true).ListOfFloat("shape", [[1f]]).Binary("data", [new byte[4]], true),
                "has a column 'shape' of physical type Float, expected Int64 or Int32"),
            (Four().Text("layer_name", ["w"], true).LongIntegers("shape", [1], true).Binary("data", [new byte[4]], true),
                "has a column 'shape' of single values, expected a flat list"),
            (Four().LongIntegers("layer_name", [1], true).NullableListOfIntegers("shape", [[1]]).Binary("data", [new byte[4]], true),
                "has a column 'layer_name' of physical type Int64, expected ByteArray"),
            (Four().Text("layer_name", ["w"], true).NullableListOfIntegers("shape", [[1]]).LongIntegers("data", [1], true),
                "has a column 'data' of Int64, expected single ByteArray values"),
            (Four().Text("layer_name", ["w"], true).NullableListOfIntegers("shape", [[1]]).ListOfFloat("data", [[1f]]),
                "has a column 'data' of lists of Float, expected single ByteArray values"),
        ];
        foreach ((ParquetTable table, string expected) in cases)
        {
            table.Write(_folder.File(Name), Compression.Zstd);
            AssertFails(expected);
        }
    }

    [Fact]
    public void Open_RustScalesOfIntegers_Fails()
    {
        V1Table().Text("quant_type", ["int8"], true).ListOfLongIntegers("scales", [[1]], nullable: false, nonNegative: true)
            .ListOfFloat("zero_points", [[0f]]).LongIntegers("quant_axis", [null], true).LongIntegers("group_size", [null], true)
            .Write(_folder.File(Name), Compression.Zstd);

        AssertFails("has a column 'scales' of physical type Int64, expected Float");
    }

    [Fact]
    public void Open_PythonScalesNotWholeFloats_Fails()
    {
        V1Table().Text("quant_type", ["int8"], true).Binary("scales", [new byte[6]], true)
            .Binary("zero_points", [new byte[4]], true).Integers("quant_axis", [-1], true).Integers("group_size", [0], true)
            .Write(_folder.File(Name), Compression.Zstd);

        AssertFails("has 6 bytes of scales for tensor 'w', expected float32 values (a multiple of 4)");
    }

    [Fact]
    public void Open_ShapesThatLie_Fail()
    {
        OldRow row = OldRows.Raw("w", [2], [1f, 2f]);
        (OldRow Row, string Expected)[] cases =
        [
            (row with { Shape = [-2, 1] }, "gives tensor 'w' the shape [-2, 1], expected dimensions of 0 or more"),
            (row with { Shape = [long.MaxValue, 3] },
                "gives tensor 'w' the shape [9223372036854775807, 3], expected at most 2^48 elements"),
            (row with { Shape = [1L << 49], Count = 1L << 49 },
                "gives tensor 'w' the shape [562949953421312], expected at most 2^48 elements"),
            (row with { Shape = [3] }, "says num_params 2 for tensor 'w' of shape [3], expected 3"),
            (row with { Shape = [1, null] }, "has a null inside the list in row 0 of column 'shape', expected numbers"),
            (row with { Shape = [.. Enumerable.Repeat((long?)1, 65)] }, "has more than 64 values in row 0 of column 'shape'"),
        ];
        foreach ((OldRow bad, string expected) in cases)
        {
            OldParquetFixtures.WriteV1(_folder.File(Name), [bad], longShapes: true);
            AssertFails(expected);
        }
    }

    [Fact]
    public void Open_DimensionsOfTwoTo63AndMore_Fail()
    {
        OldRow row = OldRows.Raw("w", [2], [1f, 2f]) with { Shape = [unchecked((long)ulong.MaxValue)] };
        string file = OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        Assert.Equal($"'{file}' gives tensor 'w' the shape [-1], expected dimensions of 0 or more", _folder.Fails().Message);
    }

    [Fact]
    public void Open_NullNameOrType_Fails()
    {
        OldRow row = OldRows.Raw("w", [1], [1f]);
        OldParquetFixtures.WriteV1(_folder.File(Name), [row with { Name = null! }]);
        AssertFails("has no layer_name in row 0");
        OldParquetFixtures.WriteV1(_folder.File(Name), [row with { DType = null! }]);
        AssertFails("has no dtype for tensor 'w'");
    }

    [Fact]
    public void Open_NameThatIsNotUtf8_Fails()
    {
        new ParquetTable(1).Binary("layer_name", [[0xFF, 0xFE]], true).NullableListOfIntegers("shape", [[1]])
            .Text("dtype", ["float32"], true).Binary("data", [new byte[4]], true).LongIntegers("num_params", [1], true)
            .Write(_folder.File(Name), Compression.Zstd);

        AssertFails("is damaged: its headers cannot be read (text that is not UTF-8); copy or export the file again");
    }

    [Fact]
    public void Open_NameWithALineBreak_MessageStaysOneLine()
    {
        OldParquetFixtures.WriteV1(_folder.File(Name), [OldRows.Raw("w\n\u2028x", [1], [1f], "odd")]);

        AssertFails("says dtype 'odd' for tensor 'w\\u000a\\u2028x', expected one like torch.float32, torch.float16, float16");
    }

    [Fact]
    public void Read_BinCutOffAfterOpening_Fails()
    {
        V2ExtendedConverter.Convert([("w", [4], [1f, 2f, 3f, 4f])], _folder.Path, "text");
        using IModelSource source = _folder.Open();
        File.WriteAllBytes(_folder.File("w.bin"), new byte[10]);

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Bytes(source, "w"));

        Assert.Equal($"'{_folder.File("w.bin")}' ends at byte 10, expected 16 (4 float32 values); it holds tensor 'w'", e.Message);
    }

    private void AssertFails(string expected)
    {
        ModelFormatException e = _folder.Fails(Name);
        Assert.Equal($"'{_folder.File(Name)}' {expected}", e.Message);
        Assert.Equal(_folder.File(Name), e.FilePath);
    }

    private static ParquetTable V1Table() => OldParquetFixtures.V1Columns([OldRows.Raw("w", [1], [1f])], longShapes: false);

    private byte[] ValidFile()
    {
        OldRow row = OldRows.Raw("w", [256], Weights(256));
        byte[] data = [.. row.Data[..64], .. "0123456789abcdef"u8, .. row.Data[80..]];
        OldParquetFixtures.V1Columns([row with { Data = data }], longShapes: false).Write(_folder.File(Name), Compression.Uncompressed);
        return File.ReadAllBytes(_folder.File(Name));
    }
}
