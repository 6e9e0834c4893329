using System.Text;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Sources;

public sealed class SafeTensorsHeaderTests
{
    private const string File = "lie.safetensors";

    // header, bytes of values, tensor that the message names (or null), what the message must say
    public static TheoryData<string, int, string?, string[]> Lies => new()
    {
        { "", 0, null, ["the header has 0 bytes", "expected a JSON object"] },
        { "[]", 0, null, ["begins with byte 0x5b", "expected '{'"] },
        { " {}", 0, null, ["begins with byte 0x20", "expected '{'"] },
        { "{", 0, null, ["not valid JSON at line 1, byte 1"] },
        { "{} x", 0, null, ["not valid JSON at line 1, byte 3"] },
        { "{}\0", 0, null, ["not valid JSON at line 1, byte 2"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}""", 4, null, ["not valid JSON"] },
        { """{"a":3}""", 0, "a", ["found the number 3", "expected an object with dtype, shape and data_offsets"] },
        { """{"a":null}""", 0, "a", ["found null"] },
        { """{"a":{"dtype":"F32","shape":[1]}}""", 4, "a", ["data_offsets is missing"] },
        { """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "a", ["shape is missing"] },
        { """{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "a", ["dtype is missing"] },
        { """{"a":{}}""", 0, "a", ["dtype is missing"] },
        { """{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "a", ["found the number 7", "a string for dtype"] },
        { """{"a":{"dtype":"Q4_K","shape":[1],"data_offsets":[0,4]}}""", 4, "a",
            ["unknown dtype 'Q4_K'", "expected one of F32, F16, BF16", "F8_E4M3"] },
        { """{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "a", ["unknown dtype 'f32'"] },
        { """{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "a", ["found the number 1", "an array of integers for shape"] },
        { """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "a", ["found the number -1", "integers from 0", "in shape"] },
        { """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "a", ["found the number 1.5", "in shape"] },
        { """{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}""", 4, "a", ["found the number 1e0"] },
        { """{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "a", ["found the string '1'"] },
        { """{"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}""", 4, "a", ["found an array"] },
        { """{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}""", 4, "a",
            ["found the number 9223372036854775808"] },
        { """{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "a",
            ["[4294967296, 4294967296] overflows"] },
        { """{"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,4]}}""", 4, "a", ["overflows", "2^63 bytes"] },
        { """{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}""", 1, "a", ["F4 [3] does not fill whole bytes"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "a", ["data_offsets has 1 numbers", "expected 2"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "a", ["data_offsets has more than 2 numbers"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "a", ["[4, 0] end before they begin"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-4]}}""", 4, "a", ["found the number -4", "in data_offsets"] },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "a", ["span 4 bytes", "expected 8 for F32 [2]"] },
        { """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "a",
            ["[0, 8] reach past the end", "holds 4 bytes", "truncated"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a", ["begin at 4 and leave a hole", "expected 0"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 9, null, ["cover 4 bytes", "the file holds 9"] },
        { "{}", 1, null, ["cover 0 bytes", "the file holds 1"] },
        {
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "b",
            ["begin at 4 and overlap", "expected 8"]
        },
        {
            """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "b",
            ["begin at 0 and overlap", "expected 4"]
        },
        {
            """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a",
            ["the name appears twice"]
        },
        {
            """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a",
            ["the name appears twice"]
        },
        { """{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}""", 4, "a", ["the key 'dtype' appears twice"] },
        { """{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "a", ["the key 'shape' appears twice"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}""", 4, "a",
            ["the key 'data_offsets' appears twice"] },
        { """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"code":"x"}}""", 4, "a", ["unknown key 'code'"] },
        { """{"__metadata__":[]}""", 0, "__metadata__", ["found an array", "an object of strings"] },
        { """{"__metadata__":{"format":1}}""", 0, "__metadata__", ["found the number 1", "a string for 'format'"] },
        { """{"__metadata__":{"k":"1","k":"2"}}""", 0, "__metadata__", ["the key 'k' appears twice"] },
        { """{"__metadata__":{},"__metadata__":{}}""", 0, "__metadata__", ["the name appears twice"] },
        { """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, null, ["not Unicode text near byte"] },
        { $$$"""{"a":{"dtype":"F32","shape":[{{{string.Join(",", Enumerable.Repeat(1, 65))}}}],"data_offsets":[0,4]}}""", 4, "a",
            ["shape has more than 64 numbers"] },
        { $$"""{"a":{{new string('[', 5000)}}""", 0, "a", ["found an array"] },
        { $$"""{"a":{"dtype":"F32","shape":{{new string('[', 5000)}}""", 0, "a", ["found an array at byte 29", "integers from 0"] },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public void Open_HeaderLies_IsOneClearLine(string header, int dataLength, string? tensor, string[] parts)
    {
        using ModelFiles files = new();
        string path = files.Write(File, SafeTensorsBuilder.Raw(header, dataLength));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SafeTensorsFile.Open(path));
        Assert.All(parts, part => Assert.Contains(part, e.Message));
        Assert.StartsWith(path + ": ", e.Message);
        Assert.Equal(path, e.FilePath);
        Assert.Equal(tensor, e.TensorName);
        if (tensor is not null) Assert.Contains($"tensor '{tensor}'", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Open_HeaderIsNotUtf8_NamesTheByte()
    {
        using ModelFiles files = new();
        byte[] header = Encoding.Latin1.GetBytes("""{"é":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""");
        string path = files.Write(File, SafeTensorsBuilder.Raw(header, new byte[4]));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SafeTensorsFile.Open(path));
        Assert.Equal($"{path}: the header is not UTF-8 at byte 2", e.Message);
    }

    [Theory]
    [InlineData(0, "the file has 0 bytes, expected at least 8")]
    [InlineData(7, "the file has 7 bytes, expected at least 8")]
    [InlineData(8, "bytes but the file has 0 after the length field")]
    [InlineData(40, "bytes but the file has 32 after the length field")]
    [InlineData(-1, "reach past the end")]
    public void Open_TruncatedFile_SaysSo(int length, string part)
    {
        using ModelFiles files = new();
        byte[] whole = ModelFiles.OneWeight();
        string path = files.Write(File, whole[..(length < 0 ? whole.Length + length : length)]);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SafeTensorsFile.Open(path));
        Assert.Contains(part, e.Message);
        Assert.Contains("truncated", e.Message);
    }

    [Theory]
    [InlineData(100_000_001UL)]
    [InlineData(0x8000_0000_0000_0000UL)]
    [InlineData(ulong.MaxValue)]
    public void CheckLength_AboveTheLimit_IsRefusedWhateverTheFileHolds(ulong length)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SafeTensorsHeader.CheckLength(length, long.MaxValue, File));
        Assert.Equal(
            $"{File}: the header claims {length} bytes, expected at most 100000000; the file is corrupt or not safetensors", e.Message);
    }

    [Fact]
    public void Open_NameWithControlCharacters_StaysOnOneLine()
    {
        using ModelFiles files = new();
        string path = files.Write(File, SafeTensorsBuilder.Raw("""{"a\n\u001b[31m":3}""", 0));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SafeTensorsFile.Open(path));
        Assert.Contains(@"tensor 'a\u000a\u001b[31m'", e.Message);
        Assert.Equal("a\n\u001b[31m", e.TensorName);
    }

    [Fact]
    public void Parse_EveryKnownType_IsRead()
    {
        SafeTensorsBuilder builder = new();
        foreach (ElementType type in Enum.GetValues<ElementType>()) builder.Add(type.Name(), type, 2, 4);
        using ModelFiles files = new();
        using SafeTensorsFile file = SafeTensorsFile.Open(files.Write(File, builder.Build()));
        Assert.Equal(Enum.GetValues<ElementType>(), file.Header.Entries.Select(entry => entry.ElementType));
    }

    [Fact]
    public void Parse_ScalarsAndEmptyTensors_Work()
    {
        const string Header = """
            {"z":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},"scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]},
            "y":{"dtype":"I64","shape":[3,0],"data_offsets":[4,4]},"last":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}
            """;
        using ModelFiles files = new();
        using SafeTensorsFile file = SafeTensorsFile.Open(files.Write(File, SafeTensorsBuilder.Raw(Header + "    ", 6)));
        Assert.Equal(["scalar", "y", "z", "last"], file.Header.Entries.Select(entry => entry.Name));
        Assert.Equal(1, file.Header.Entries[0].Shape.ElementCount);
        Assert.Equal("[0, 7]", file.Header.Entries[2].Shape.ToString());
    }

    [Fact]
    public void Parse_OrderInHeader_DoesNotMatter()
    {
        const string Header = """
            {"b":{"data_offsets":[4,8],"dtype":"F32","shape":[1]},"a":{"shape":[1],"dtype":"F32","data_offsets":[8,12]},
             "c":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
            """;
        using ModelFiles files = new();
        using SafeTensorsFile file = SafeTensorsFile.Open(files.Write(File, SafeTensorsBuilder.Raw(Header, 12)));
        Assert.Equal(["c", "b", "a"], file.Header.Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void Parse_EmptyModel_HasNoTensors()
    {
        using ModelFiles files = new();
        using SafeTensorsFile file = SafeTensorsFile.Open(files.Write(File, new SafeTensorsBuilder().Metadata("format", "pt").Build()));
        Assert.Empty(file.Header.Entries);
        Assert.Equal("pt", file.Header.Metadata["format"]);
    }
}
