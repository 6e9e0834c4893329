using System.Runtime.InteropServices;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.TestKit.Parquet;
using static ArrowQuant.Tests.Sources.Parquet.OldModelFolder;

namespace ArrowQuant.Tests.Sources.Parquet;

public sealed class RustLayoutTests : IDisposable
{
    private readonly OldModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 2, "int2 rows of Parquet V2 (Rust)", "parquet v2")]
    [InlineData(true, 8, "int8 rows of Parquet V2 Extended (Rust)", "parquet v2 extended")]
    public void Read_OneScale_UnsignedCodes(bool extended, int bits, string quantized, string format)
    {
        OldRow row = OldRows.RustBase("layers.0.w", [6, 4], Weights(24), bits);
        OldParquetFixtures.WriteRust(_folder.Path, [row], extended);

        using IModelSource source = _folder.Open();

        Assert.Equal(format, source.Description.Format);
        Assert.Equal(quantized, Tensor(source, "layers.0.w").AlreadyQuantized);
        Assert.Equal(_folder.File("layers_0_w.parquet"), source.Tensors[0].FilePath);
        Assert.Equal(row.Data.Select(code => (code - row.ZeroPoints[0]) * row.Scales[0]), Floats(source, "layers.0.w"));
        Assert.Empty(source.Description.Notes);
    }

    [Theory]
    [InlineData(3, 24, new[] { 0, 8, 16 })]
    [InlineData(5, 24, new[] { 0, 5, 10, 15, 20 })]
    [InlineData(4, 6, new[] { 0, 2, 4 })] // ceil(6 / 4) = 2: the last scale is never used
    public void Read_TimeAware_ConsecutiveParts(int groups, int count, int[] starts)
    {
        OldRow row = OldRows.RustTimeAware("w", [count / 2, 2], Weights(count), 8, groups);
        row = row with
        {
            Scales = [.. Enumerable.Range(0, groups).Select(g => 0.5f + g)],
            ZeroPoints = [.. Enumerable.Range(0, groups).Select(g => 100f + g)],
        };
        OldParquetFixtures.WriteV2Extended(_folder.Path, row);
        float[] expected = new float[count];
        for (int i = 0; i < count; i++)
        {
            int g = Array.FindLastIndex(starts, start => start <= i);
            expected[i] = (row.Data[i] - (100f + g)) * (0.5f + g);
        }

        using IModelSource source = _folder.Open();

        Assert.Equal(expected, Floats(source, "w"));
    }

    [Theory]
    [InlineData(new long[] { 5, 3 }, 2, 6)]
    [InlineData(new long[] { 4, 2, 3, 2 }, 3, 36)]
    [InlineData(new long[] { 8 }, 3, 3)] // 1-D counts as (n, 1)
    public void Read_Spatial_GroupSizeCountsRows(long[] shape, int rowsPerGroup, int elementsPerGroup)
    {
        int count = (int)shape.Aggregate(1L, (product, dimension) => product * dimension);
        OldRow row = OldRows.RustSpatial("w", shape, Weights(count), 4, rowsPerGroup);
        OldParquetFixtures.WriteV2Extended(_folder.Path, row);
        float[] expected = new float[count];
        for (int i = 0; i < count; i++)
            expected[i] = (row.Data[i] - row.ZeroPoints[i / elementsPerGroup]) * row.Scales[i / elementsPerGroup];

        using IModelSource source = _folder.Open();

        Assert.True(row.Scales.Length > 1);
        Assert.Equal(expected, Floats(source, "w"));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(20_000)] // 80 kB: above the size that is measured by reading
    public void Read_MarkedIntegerButHoldsFloats_IsPlainWithANote(int count)
    {
        OldRow row = OldRows.Raw("w", [count], Weights(count), quantType: "int4") with { Scales = [1f], ZeroPoints = [0f] };
        OldParquetFixtures.WriteV2Extended(_folder.Path, row);

        using IModelSource source = _folder.Open();

        Assert.Null(Tensor(source, "w").AlreadyQuantized);
        Assert.Equal(Weights(count), Floats(source, "w"));
        Assert.Equal(["tensor 'w' is marked int4 but holds float32 values; they are read as plain weights"], source.Description.Notes);
    }

    [Theory]
    [InlineData("int16", 16)]
    [InlineData("int8", 100_000)] // the footer tells the length
    public void Read_CodesWhateverTheNameSays_AreUnsignedBytes(string quantType, int count)
    {
        OldRow row = OldRows.RustBase("w", [count], Weights(count), 8) with { QuantType = quantType };
        OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        using IModelSource source = _folder.Open();

        Assert.Equal(row.Data.Select(code => (code - row.ZeroPoints[0]) * row.Scales[0]), Floats(source, "w"));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(50_000)]
    public void Read_NoneWithValues_IsNotQuantizedAndIgnoresABinFile(int count)
    {
        string file = OldParquetFixtures.WriteV2Extended(_folder.Path, OldRows.Raw("norm.w", [count], Weights(count)));
        File.WriteAllBytes(Path.ChangeExtension(file, ".bin"), [1, 2, 3]);

        using IModelSource source = _folder.Open();

        Assert.Null(Tensor(source, "norm.w").AlreadyQuantized);
        Assert.Equal(Weights(count), Floats(source, "norm.w"));
        Assert.Empty(source.Description.Notes);
    }

    [Fact]
    public void Read_EmptyDataWithBin_ReadsTheBin()
    {
        float[] values = Weights(12);
        V2ExtendedConverter.Convert([("blocks.0.attn:q", [3, 4], values)], _folder.Path, "text");

        using IModelSource source = _folder.Open();

        Assert.Equal(_folder.File("blocks_0_attn_q.bin"), Tensor(source, "blocks.0.attn:q").FilePath);
        Assert.Equal(values, Floats(source, "blocks.0.attn:q"));
        Assert.Equal(MemoryMarshal.AsBytes<float>(values).ToArray(), File.ReadAllBytes(_folder.File("blocks_0_attn_q.bin")));
    }

    [Fact]
    public void Open_EmptyDataWithoutBin_SaysThatTheWeightsAreLost()
    {
        V2ExtendedConverter.Convert([("a.w", [2], [1f, 2f])], _folder.Path, "text");
        File.Delete(_folder.File("a_w.bin"));

        ModelFormatException e = _folder.Fails();

        Assert.Equal(
            $"'{_folder.File("a_w.parquet")}' has lost the weights of tensor 'a.w': its data are empty "
            + $"and '{_folder.File("a_w.bin")}' is missing; copy the .bin files too",
            e.Message);
        Assert.Equal("a.w", e.TensorName);
    }

    [Fact]
    public void Open_BinOfWrongSize_FailsWithBothSizes()
    {
        V2ExtendedConverter.Convert([("a.w", [3], [1f, 2f])], _folder.Path, "text");

        ModelFormatException e = _folder.Fails();

        Assert.Equal($"'{_folder.File("a_w.bin")}' has 8 bytes for tensor 'a.w', expected 12 (3 float32 values)", e.Message);
        Assert.Equal(_folder.File("a_w.bin"), e.FilePath);
    }

    [Fact]
    public void Open_NameWithPathParts_BinComesFromTheFilesOwnStem()
    {
        // The name would lead out of the folder; only the file's own name counts.
        V2ExtendedConverter.Convert([("../../etc/passwd", [1], [5f])], _folder.Path, "text");

        using IModelSource source = _folder.Open();

        Assert.Equal([5f], Floats(source, "../../etc/passwd"));
        Assert.Equal(_folder.File("______etc_passwd.bin"), source.Tensors[0].FilePath);
    }

    [Fact]
    public void Read_ConstantBlocks_ReadAsZeroWithANote()
    {
        float[] values = [1f, 2f, 3f, 4f, 7f, 7f, 7f, 7f, 5f, 6f, 7f, 9f];
        OldRow row = OldRows.RustTimeAware("w", [3, 4], values, 8, 3);
        Assert.True(row.Scales[1] == 0f && float.IsNaN(row.ZeroPoints[1]));
        Assert.Contains("\"zero_point\":null", row.TimeAwareJson, StringComparison.Ordinal);
        OldParquetFixtures.WriteV2Extended(_folder.Path, row);

        using IModelSource source = _folder.Open();

        float[] decoded = Floats(source, "w");
        Assert.Equal([0f, 0f, 0f, 0f], decoded[4..8]);
        Assert.Equal(values[..4], decoded[..4], (a, b) => Math.Abs(a - b) <= 0.01f);
        Assert.Equal(values[8..], decoded[8..], (a, b) => Math.Abs(a - b) <= 0.01f);
        string note = "tensor 'w': 1 of 3 groups lost their values when they were quantized (scale 0 or no zero point); they read as 0";
        Assert.Equal([note], source.Description.Notes);
    }

    [Fact]
    public void Open_InfiniteZeroPoint_CountsAsLost()
    {
        OldRow row = OldRows.RustBase("w", [4], Weights(4), 8) with { ZeroPoints = [float.NegativeInfinity] };
        OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        using IModelSource source = _folder.Open();

        Assert.Equal([0f, 0f, 0f, 0f], Floats(source, "w"));
        Assert.StartsWith("tensor 'w': 1 of 1 groups lost", Assert.Single(source.Description.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(23, "int8", "holds 23 bytes of data for tensor 'w', expected 24 (int8 codes) or 96 (24 float32 values)")]
    [InlineData(48, "int8", "holds 48 bytes of data for tensor 'w', expected 24 (int8 codes) or 96 (24 float32 values)")]
    [InlineData(24, "none", "holds 24 bytes of data for tensor 'w', expected 96 (24 float32 values)")]
    public void Open_AnyOtherLength_Fails(int length, string quantType, string expected)
    {
        OldRow row = OldRows.RustBase("w", [6, 4], Weights(24), 8) with { Data = new byte[length], QuantType = quantType };
        string file = OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        Assert.Equal($"'{file}' {expected}", _folder.Fails().Message);
    }

    [Fact]
    public void Read_LongChunkOfAnotherLength_FailsWhenItIsRead()
    {
        OldRow row = OldRows.RustBase("w", [100_000], Weights(100_000), 8) with { Data = new byte[150_000] };
        new Random(5).NextBytes(row.Data);
        string file = OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        using IModelSource source = _folder.Open();

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Bytes(source, "w"));
        Assert.Equal($"'{file}' holds 150000 bytes of data for tensor 'w', expected 100000 (100000 int8 codes)", e.Message);
    }

    [Theory]
    [InlineData("fp8", "says quant_type 'fp8' for tensor 'w', expected none, int2, int4 or int8")]
    [InlineData("int", "says quant_type 'int' for tensor 'w', expected none, int2, int4 or int8")]
    public void Open_UnknownQuantType_Fails(string quantType, string expected)
    {
        OldRow row = OldRows.RustBase("w", [4], Weights(4), 8) with { QuantType = quantType };
        string file = OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        Assert.Equal($"'{file}' {expected}", _folder.Fails().Message);
    }

    [Theory]
    [InlineData(null, null, "expected 1 (whole tensor)")]
    [InlineData(4L, null, "expected 1 (whole tensor) or 2 (groups of 4 rows)")]
    [InlineData(null, """{"enabled":false}""", "expected 1 (whole tensor)")]
    [InlineData(null, "not json", "expected 1 (whole tensor)")]
    public void Open_ScalesThatFitNoRule_Fails(long? groupSize, string? timeAware, string expected)
    {
        OldRow row = OldRows.RustBase("w", [6, 4], Weights(24), 8) with
        {
            Scales = [1f, 2f, 3f],
            ZeroPoints = [0f, 0f, 0f],
            GroupSize = groupSize,
            TimeAwareJson = timeAware,
        };
        string file = OldParquetFixtures.WriteV2Extended(_folder.Path, row);

        Assert.Equal($"'{file}' has 3 scales for tensor 'w' of shape [6, 4], {expected}", _folder.Fails().Message);
    }

    [Fact]
    public void Open_ScalesAndZeroPointsDiffer_Fails()
    {
        string file = OldParquetFixtures.WriteV2Rust(_folder.Path, OldRows.RustBase("w", [4], Weights(4), 8) with { ZeroPoints = [] });

        Assert.Equal($"'{file}' has 1 scales but 0 zero points for tensor 'w'", _folder.Fails().Message);
    }

    [Fact]
    public void Open_InfiniteScale_Fails()
    {
        OldRow row = OldRows.RustBase("w", [4], Weights(4), 8) with { Scales = [float.PositiveInfinity] };
        string file = OldParquetFixtures.WriteV2Rust(_folder.Path, row);

        Assert.Equal($"'{file}' has the scale Infinity in group 0 of tensor 'w', expected a finite number", _folder.Fails().Message);
    }

    [Fact]
    public void Open_SeveralRows_TakesRowZeroAndSaysSo()
    {
        OldRow[] rows = [OldRows.Raw("a", [2], [1f, 2f]), OldRows.Raw("b", [1], [3f])];
        string file = OldParquetFixtures.WriteRust(_folder.Path, rows, extended: true);

        using IModelSource source = _folder.Open();

        Assert.Equal([1f, 2f], Floats(source, Assert.Single(source.Tensors).Name));
        Assert.Equal(
            [$"'{file}' holds 2 rows, expected 1 (Parquet V2 Extended (Rust) has one tensor a file); only the first is read"],
            source.Description.Notes);
    }

    [Fact]
    public void Open_EmptyTensor_IsNotLost()
    {
        OldParquetFixtures.WriteV2Rust(_folder.Path, OldRows.Raw("none", [0, 4], []));
        OldParquetFixtures.WriteV2Rust(_folder.Path, OldRows.Raw("codes", [4, 0], [], quantType: "int4"));

        using IModelSource source = _folder.Open();

        Assert.All(source.Tensors, tensor => Assert.Equal(0, tensor.ByteLength));
        Assert.Empty(source.Description.Notes);
    }
}
