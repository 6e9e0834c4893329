using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

/// <summary>Every lie that a shard can tell is one line that names the file, the tensor, what was found and what was expected.</summary>
public sealed class DamagedShardTests
{
    private static readonly Dictionary<string, (Action<List<StoredRow>> Spoil, string Message)> Lies = new()
    {
        ["quant_type"] = (rows => All(rows, row => row.QuantType = "int3"), "quant_type 'int3' is not known (known: none, int2"),
        ["layout"] = (rows => All(rows, row => row.Layout = "nf4"), "layout 'nf4' is not known (known: none, affine, lattice2, lattice3, trellis4, trellis6)"),
        ["method"] = (rows => All(rows, row => row.Method = "awq"), "method 'awq' is not known (known: none, base"),
        ["enhancement"] = (rows => All(rows, row => row.Enhancement = "magic"), "enhancement 'magic' is not known"),
        ["transform"] = (rows => All(rows, row => row.Transform = "hadamard"), "transform 'hadamard' is not known (known: none, hadamard:SEED)"),
        ["transform seed"] = (rows => All(rows, row => row.Transform = "hadamard:007"), "transform 'hadamard:007' is not known"),
        ["transform of kept"] = (rows => All(rows, Rotated), "has transform hadamard:7 although it is kept"),
        ["trellis at 4 bits"] = (rows => All(rows, row => row.Layout = "trellis6"), "layout trellis6 does not exist with quant_type int4"),
        ["correction"] = (rows => All(rows, row => row.Correction = "mean"), "correction 'mean' is not known (known: none, bias)"),
        ["dtype"] = (rows => All(rows, row => row.Dtype = "float128"), "dtype 'float128' is not known"),
        ["num_params"] = (rows => All(rows, row => row.NumParams = 255), "num_params is 255, shape [4, 64] has 256"),
        ["shape"] = (rows => All(rows, row => row.Shape = [long.MaxValue, 64]), "is impossible"),
        ["rank"] = (rows => All(rows, row => row.Shape = new long[65]), "shape has 65 dimensions, more than 64"),
        ["row_axis"] = (rows => All(rows, row => row.RowAxis = 2), "row_axis is 2, not a row dimension of shape [4, 64]"),
        ["bit_width"] = (rows => All(rows, row => row.BitWidth = 2), "bit_width is 2, quant_type int4 of float32 has 4"),
        ["lattice at 4 bits"] = (rows => All(rows, row => row.Layout = "lattice2"), "layout lattice2 does not exist with quant_type int4"),
        ["kept with a layout"] = (rows => All(rows, row => row.QuantType = "none"), "layout affine does not exist with quant_type none"),
        ["kept by a method"] = (rows => All(rows, Keep), "method base does not go with quant_type none"),
        ["no groups"] = (rows => All(rows, row => row.GroupSize = null), "has neither group_size nor quant_axis"),
        ["group_size 0"] = (rows => All(rows, row => row.GroupSize = 0), "group_size is 0, expected 1.."),
        ["both groupings"] = (rows => All(rows, row => row.QuantAxis = 0), "has both quant_axis 0 and group_size 32"),
        ["axis"] = (rows => All(rows, row => (row.QuantAxis, row.GroupSize) = (1, null)), "quant_axis is 1, expected 0"),
        ["spatial"] = (rows => All(rows, row => row.SpatialJson = "{}"), "spatial_quant_json is not understood"),
        ["scales off"] = (rows => All(rows, row => row.SpatialJson = Spatial(false, "1")), "channel_equalization false with 1 scales"),
        ["scales do not fit"] = (rows => All(rows, row => row.SpatialJson = Spatial(true, "1,2,3")), "3 equalization scales for 64"),
        ["hash"] = (rows => rows[1].SourceXxh128 = "abc", "source_xxh128 is 'abc', not 32 hexadecimal digits"),
        ["first block missing"] = (rows => rows.RemoveAt(0), "has a block that begins at row 2, expected 0"),
        ["last block missing"] = (rows => rows.RemoveAt(1), "the file ends although w has only rows 0..2 of 4"),
        ["hole"] = (rows => rows[1].RowStart = 3, "has a block that begins at row 3, expected 2"),
        ["too many rows"] = (rows => rows[1].RowCount = 3, "has a block of 3 rows at row 2 of 4"),
        ["no rows"] = (rows => rows[0].RowCount = 0, "has a block of 0 rows at row 0 of 4"),
        ["other description"] = (rows => rows[1].Modality = "audio", "its blocks describe it differently"),
        ["other layer between"] = (rows => rows[1].LayerName = "v", "begins although w has only rows 0..2 of 4"),
        ["twice"] = (rows => rows.AddRange(RawShard.Rows()), "is stored twice"),
        ["figure"] = (rows => rows[1].CosineSimilarity = double.NaN, "cosine_similarity is NaN"),
        ["negative"] = (rows => rows[0].RowStart = -1, "begins at row -1, expected 0"),
        ["data too small"] = (rows => All(rows, Enlarge), "bytes of data, its shapes need 1048576"),
    };

    private static readonly Dictionary<string, (Action<StoredRow> Spoil, string Message)> BlockLies = new()
    {
        ["scales short"] = (row => row.Scales = row.Scales[1..], "block at row 2 has 3 scales, expected 4"),
        ["scales long"] = (row => row.Scales = [.. row.Scales, 1f], "block at row 2 has more than 4 scales, expected 4"),
        ["zero points"] = (row => row.ZeroPoints = [], "block at row 2 has 0 zero_points, expected 4"),
        ["levels"] = (row => row.Levels = [1f], "block at row 2 has more than 0 levels, expected 0"),
        ["data short"] = (row => row.Data = row.Data[1..], "column data has 63 bytes instead of 64"),
        ["data long"] = (row => row.Data = new byte[65], "column data has 65 bytes instead of 64"),
        ["NaN scale"] = (row => row.Scales[2] = float.NaN, "block at row 2: scales[2] is NaN, expected a finite number"),
        ["infinite scale"] = (row => row.Scales[0] = float.NegativeInfinity, "scales[0] is -Infinity, expected a finite number"),
        ["zero point past the codes"] = (row => row.ZeroPoints[3] = 16f, "zero_points[3] is 16, expected an integer 0..15"),
        ["broken zero point"] = (row => row.ZeroPoints[1] = 0.5f, "zero_points[1] is 0.5, expected an integer 0..15"),
    };

    public static TheoryData<string> LieNames => [.. Lies.Keys];

    public static TheoryData<string> BlockLieNames => [.. BlockLies.Keys];

    [Theory]
    [MemberData(nameof(LieNames))]
    public void Open_RowsThatLie_AreRefusedByName(string lie)
    {
        (Action<List<StoredRow>> spoil, string message) = Lies[lie];
        using StorageFolder folder = new();
        List<StoredRow> rows = RawShard.Rows();
        spoil(rows);
        RawShard.Write(folder.Path, rows);

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(folder.Path).Dispose());

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.StartsWith(folder[ArtefactLayout.ShardName(1, 1)] + ": ", e.Message, StringComparison.Ordinal);
        Assert.Equal(folder[ArtefactLayout.ShardName(1, 1)], e.FilePath);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [MemberData(nameof(BlockLieNames))]
    public void ReadBlock_BlockThatLies_IsRefusedByName(string lie)
    {
        (Action<StoredRow> spoil, string message) = BlockLies[lie];
        using StorageFolder folder = new();
        List<StoredRow> rows = RawShard.Rows();
        spoil(rows[1]);
        RawShard.Write(folder.Path, rows);
        using ArtefactReader reader = ArtefactReader.Open(folder.Path);
        float[] good = new float[128];
        reader.ReadRows("w", 0, 2, good); // the other block is untouched

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => reader.ReadLayer("w"));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal("w", e.TensorName);
    }

    [Theory]
    [InlineData("2.0", "is format version 2.0, this program reads 1.x; update arrowquant")]
    [InlineData("new", "format version 'new' is not understood, expected 1.x")]
    public void Open_OtherFormatVersion_IsRefusedByName(string version, string message)
    {
        using StorageFolder folder = new();
        Dictionary<string, string> keys = RawShard.Keys(2);
        keys[ArtefactLayout.FormatKey] = version;
        RawShard.Write(folder.Path, RawShard.Rows(), keys);

        AssertRefused(folder, message);
    }

    [Fact]
    public void Open_FooterKeysMissingOrWrong_IsRefused()
    {
        using StorageFolder folder = new();
        Dictionary<string, string> keys = RawShard.Keys(3);
        RawShard.Write(folder.Path, RawShard.Rows(), keys);
        AssertRefused(folder, "has 2 rows, its footer key arrowquant.complete says 3");

        keys.Remove(ArtefactLayout.CompleteKey);
        RawShard.Write(folder.Path, RawShard.Rows(), keys);
        AssertRefused(folder, "has no footer key arrowquant.complete: its writer did not finish");

        RawShard.Write(folder.Path, RawShard.Rows(), []);
        AssertRefused(folder, "has no footer key arrowquant.format: it was not written by ArrowQuant");
    }

    [Fact]
    public void Open_ColumnMissing_IsRefusedByName()
    {
        using StorageFolder folder = new();
        RawShard.Write(folder.Path, RawShard.Rows(), withoutColumn: ArtefactLayout.RowAxis);

        AssertRefused(folder, "has no column row_axis");
    }

    [Fact]
    public void Open_WriterDisposedBeforeComplete_IsRefused()
    {
        using StorageFolder folder = new();
        using (ShardWriter writer = new(folder[ArtefactLayout.ShardName(1, 1)], new ArtefactWriterOptions()))
        {
            byte[] large = new byte[5 << 20]; // so that a row group is on the disk already
            writer.WriteKept(StorageSamples.Kept("a", [large.Length], ElementType.U8), 0, 1, large, 0);
            writer.WriteKept(StorageSamples.Kept("b", [1], ElementType.U8), 0, 1, new byte[1], 0);
        }

        Assert.True(new FileInfo(folder[ArtefactLayout.ShardName(1, 1)]).Length > 5 << 20);
        AssertRefused(folder, "is not a whole Parquet file");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Open_ShardCutShort_IsRefused(int bytes)
    {
        using StorageFolder folder = new();
        RawShard.Write(folder.Path, RawShard.Rows());
        string path = folder[ArtefactLayout.ShardName(1, 1)];
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..bytes]);

        AssertRefused(folder, "is not a whole Parquet file");
    }

    [Fact]
    public void ReadRows_OtherRowGroupsDestroyed_ReadsItsOwn()
    {
        using StorageFolder folder = new();
        List<StoredRow> rows = RawShard.Rows();
        RawShard.Write(folder.Path, rows);
        float[] expected = new float[128];
        using (ArtefactReader reader = ArtefactReader.Open(folder.Path)) reader.ReadRows("w", 2, 2, expected);

        // Overwrite the codes of the first block with the four bytes of their length.
        string path = folder[ArtefactLayout.ShardName(1, 1)];
        byte[] bytes = File.ReadAllBytes(path);
        int codes = bytes.AsSpan().IndexOf(rows[0].Data.Span);
        bytes.AsSpan(codes - 4, rows[0].Data.Length + 4).Fill(0xFF);
        File.WriteAllBytes(path, bytes);

        using ArtefactReader damaged = ArtefactReader.Open(folder.Path);
        float[] actual = new float[128];
        damaged.ReadRows("w", 2, 2, actual);
        Assert.Equal(expected, actual);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => damaged.ReadRows("w", 0, 2, actual));
        Assert.Equal("w", e.TensorName);
    }

    private static void AssertRefused(StorageFolder folder, string message)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(folder.Path).Dispose());
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(folder[ArtefactLayout.ShardName(1, 1)], e.FilePath);
    }

    private static void All(List<StoredRow> rows, Action<StoredRow> spoil) => rows.ForEach(spoil);

    private static void Enlarge(StoredRow row) => (row.Shape, row.NumParams) = ([4, 1 << 20], 4 << 20);

    private static void Keep(StoredRow row) => (row.QuantType, row.Layout, row.GroupSize, row.BitWidth) = ("none", "none", null, 32);

    private static void Rotated(StoredRow row)
    {
        Keep(row);
        row.Transform = "hadamard:7";
    }

    private static string Spatial(bool on, string scales) =>
        $$"""{"enabled":true,"channel_equalization":{{(on ? "true" : "false")}},"alpha":0.5,"equalization_scales":[{{scales}}]}""";
}
