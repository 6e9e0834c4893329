using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.TestKit.Parquet;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Abuse;

/// <summary>One Parquet file for each lie that a footer or a page header can tell; the bytes are written out below.</summary>
public sealed class ParquetAbuseTests
{
    private const int None = 0;
    private const int Snappy = 1;
    private const int Zstd = 6;

    [Fact]
    public void Check_HonestPage_GivesItsBytes()
    {
        byte[] page = Page(100, 20, 9);
        Assert.Equal(100, Check(Footer(values: 9, page.Length + 20), page, new byte[20]));
    }

    [Theory]
    [InlineData(int.MaxValue, 20, 9, Zstd, "a page claims 2147483647 bytes of values in 20, expected at most 656384 with its codec")]
    [InlineData(2000, 20, 9, Snappy, "a page claims 2000 bytes of values in 20, expected at most 1464 with its codec")]
    [InlineData(-1, 20, 9, Zstd, "a page claims -1 bytes of values in 20")]
    [InlineData(100, int.MaxValue, 9, Zstd, "a page claims 2147483647 bytes, its column has 20 left")]
    [InlineData(100, -1, 9, Zstd, "a page claims -1 bytes, its column has 20 left")]
    [InlineData(100, 20, -1, Zstd, "a page claims -1 values in 100 bytes")]
    [InlineData(100, 20, 9, 99, "its pages have the unknown codec 99")]
    public void Check_LyingPage_IsRefusedBeforeMemoryIsTaken(int uncompressed, int compressed, int values, int codec, string expected)
    {
        byte[] page = Page(uncompressed, compressed, values);
        InvalidDataException e = Assert.Throws<InvalidDataException>(
            () => Check(Footer(9, page.Length + 20, codec), page, new byte[20]));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    /// <summary>zstd makes 2 GiB of zeros of 64 KiB: true, and still more than a stranger's file may ask for.</summary>
    [Fact]
    public void Check_PageThatRightlyClaimsMuch_NeedsTheUsersWord()
    {
        byte[] values = new byte[1 << 16];
        byte[] page = Page(int.MaxValue, values.Length, 9);
        byte[] footer = Footer(9, page.Length + values.Length);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Check(footer, page, values));
        Assert.Equal(
            "a page claims 2147483647 bytes of values in 65536, expected at most 134217728; if the file is to be trusted, write it with "
            + "smaller pages, or quantize it with a --max-memory that holds this one",
            e.Message);
        Assert.Throws<InvalidDataException>(() => Check(footer, page, values, int.MaxValue - 1));
        Assert.Equal(int.MaxValue, Check(footer, page, values, int.MaxValue));
    }

    /// <summary>The same through the front door: the caller's bound holds for every page of a model in an older layout.</summary>
    [Fact]
    public void ModelSource_PageLargerThanTheCallersBound_IsRefused()
    {
        using ModelFiles files = new();
        string path = files.PathOf("model.parquet");
        OldParquetFixtures.WriteV1(path, [OldRows.Raw("a", [64, 64], new float[4096])]);
        byte[] bytes = new byte[8];
        using (IModelSource source = ModelSource.Open(path, new ModelSourceOptions { LargestPageBytes = 10_000 }))
        {
            ModelFormatException e = Assert.Throws<ModelFormatException>(() => source.Read(source.Tensors[0], 0, bytes));
            Assert.Contains("expected at most 10000; if the file is to be trusted, write it", e.Message, StringComparison.Ordinal);
        }

        using IModelSource trusted = ModelSource.Open(path, new ModelSourceOptions { LargestPageBytes = 20_000 });
        trusted.Read(trusted.Tensors[0], 0, bytes);
        Assert.Equal(new byte[8], bytes);
    }

    [Fact]
    public void Check_DictionaryOfMoreWordsThanBytes_IsRefused()
    {
        byte[] page = Page(100, 20, int.MaxValue, kind: 2, structure: 7);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Check(Footer(9, page.Length + 20), page, new byte[20]));
        Assert.Equal("a page claims 2147483647 values in 100 bytes", e.Message);
    }

    [Fact]
    public void Check_FewerValuesThanTheFooterSays_IsRefused()
    {
        byte[] page = Page(100, 20, 9);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Check(Footer(1L << 40, page.Length + 20), page, new byte[20]));
        Assert.Equal("its pages claim 9 values, its footer says 1099511627776", e.Message);
    }

    [Fact]
    public void Open_ChunkBehindTheEnd_IsRefused()
    {
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Check(Footer(9, long.MaxValue), [], []));
        Assert.Contains("its footer claims 9 values in 9223372036854775807 bytes at byte 4, its pages end at 4", e.Message);
    }

    [Fact]
    public void Open_ListOfMoreElementsThanBytes_IsRefused()
    {
        // Field 4, a list of 2^28 row groups.
        byte[] footer = [0x49, 0xFC, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00];
        EndOfStreamException e = Assert.Throws<EndOfStreamException>(() => Check(footer, [], []));
        Assert.Contains("its metadata claim a list of 268435456 elements in 1 bytes", e.Message);
    }

    [Fact]
    public void Open_FooterNestedWithoutEnd_IsRefused()
    {
        // Field 1 of every structure is a structure.
        byte[] footer = [.. Enumerable.Repeat((byte)0x1C, 100_000)];
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Check(footer, [], []));
        Assert.Contains("its metadata are nested more than 32 deep", e.Message);
    }

    [Fact]
    public void Open_ChunkInAnotherFile_IsRefused()
    {
        // Row groups, columns, file_path "/a".
        byte[] footer = [0x49, 0x1C, 0x19, 0x1C, 0x18, 2, (byte)'/', (byte)'a', 0, 0, 0];
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Check(footer, [], []));
        Assert.Contains("its footer leads to another file", e.Message);
    }

    [Fact]
    public void ModelSource_LyingFooter_IsOneLineWithTheFile()
    {
        using ModelFiles files = new();
        string path = files.Write("model.parquet", FileOf(Footer(9, long.MaxValue), []));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));
        Assert.StartsWith($"'{path}' is damaged: its headers cannot be read (its footer claims 9 values in", e.Message);
    }

    private static long Check(byte[] footer, byte[] header, byte[] values, long? largestPage = null)
    {
        using ModelFiles files = new();
        string path = files.Write("a.parquet", FileOf(footer, [.. header, .. values]));
        using ParquetPages pages = ParquetPages.Open(path, largestPage);
        return pages.Check(0, 0);
    }

    private static byte[] FileOf(byte[] footer, byte[] pages) =>
        [.. "PAR1"u8, .. pages, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8];

    // Field 4 of the file: one row group; its field 1: one column; its field 3: codec (4), values (5), length (7), start (9).
    private static byte[] Footer(long values, long length, int codec = Zstd) =>
    [
        0x49, 0x1C, 0x19, 0x1C, 0x3C,
        0x45, .. Number(codec), 0x16, .. Number(values), 0x26, .. Number(length), 0x26, .. Number(4), 0,
        0, 0, 0,
    ];

    // Kind (1), uncompressed (2), compressed (3), then the structure of a data page (5) or dictionary (7) with its values (1).
    private static byte[] Page(int uncompressed, int compressed, int values, int kind = None, int structure = 5) =>
    [
        0x15, .. Number(kind), 0x15, .. Number(uncompressed), 0x15, .. Number(compressed),
        (byte)(((structure - 3) << 4) | 0x0C), 0x15, .. Number(values), 0,
        0,
    ];

    // Signs folded in, seven bits a byte, the last one below 128.
    private static byte[] Number(long value)
    {
        List<byte> bytes = [];
        ulong folded = (ulong)((value << 1) ^ (value >> 63));
        for (; folded >= 0x80; folded >>= 7) bytes.Add((byte)(folded | 0x80));
        return [.. bytes, (byte)folded];
    }
}
