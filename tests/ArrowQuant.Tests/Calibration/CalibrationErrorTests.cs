using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit.Parquet;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Calibration;

/// <summary>Files that are broken: one line that names the file, and the tensor, row or line.</summary>
public sealed class CalibrationErrorTests : IDisposable
{
    private readonly ModelFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Open_MissingFile_SaysSo() => Check(
        _files.PathOf("c.jsonl"),
        "no such file, expected calibration data as *.safetensors, *.parquet, *.arrow, *.feather, *.ipc, *.jsonl or *.ndjson");

    [Fact]
    public void Open_NamedFileOfAnotherForm_NamesTheForms() => Check(
        _files.Write("c.npz"),
        "is not understood as calibration data, expected *.safetensors, *.parquet, *.arrow, *.feather, *.ipc, *.jsonl or *.ndjson");

    [Fact]
    public void Open_FolderWithoutData_SaysSo() => Check(
        _files.Root,
        "is a folder without calibration data, "
        + "expected calibration as *.safetensors, *.parquet, *.arrow, *.feather, *.ipc, *.jsonl or *.ndjson");

    public static TheoryData<string, string> BrokenLines => new()
    {
        {
            """{"data":[1]""",
            "line 2 is not a JSON object: Expected depth to be zero at the end of the JSON payload. "
            + "There is an open JSON object or array that should be closed."
        },
        { """[1]""", "line 2 holds a list, expected an object {layer, data, timestep}" },
        { """{"data":[1]} x""", "line 2 is not a JSON object: 'x' is invalid after a single JSON value. Expected end of data." },
        { """{"layer":"a"}""", "line 2 has no 'data', expected a list of numbers" },
        { """{"layer":"a","data":"1"}""", "line 2 has a string as 'data', expected a list of numbers" },
        { """{"layer":"a","data":[1,null]}""", "line 2 has null in 'data', expected numbers" },
        { """{"layer":"a","data":[]}""", "line 2 has 0 values in data, expected 1..16777216" },
        { """{"layer":7,"data":[1,2]}""", "line 2 has a number as 'layer', expected a string" },
        { """{"layer":"a","data":[1,2],"timestep":"9"}""", "line 2 has a string as 'timestep', expected a number" },
        { """{"layer":"a","data":[1,2],"data":[1,2]}""", "line 2 has 'data' twice, expected each name once" },
        { """{"layer":"a","data":[1,2,3]}""", "line 2 has 3 values in a row of layer a, expected 2 as line 1 has" },
        { """{"layer":"a","data":[1,2],"shape":[3]}""", "line 2 has shape [3] and 2 values in data, expected 3" },
        {
            """{"layer":"a","data":[1,2],"shape":[0,2]}""",
            "line 2 has shape [0, 2], expected dimensions of 1 or more whose product is the length of data"
        },
        {
            """{"layer":"a","data":[1,2],"shape":[9000000,9000000]}""",
            "line 2 has shape [9000000, 9000000], expected dimensions of 1 or more whose product is the length of data"
        },
        { """{"layer":"a","data":[1,2],"shape":[1.5]}""", "line 2 has a number in 'shape', expected at most 64 integers" },
        { """{"layer":"a","data":[1,2],"timestep":-3}""", "layer a: timestep -3 of row 1, expected 0..1000000" },
        { """{"layer":"a","data":[1,2],"timestep":1e7}""", "layer a: timestep 10000000 of row 1, expected 0..1000000" },
    };

    [Theory]
    [MemberData(nameof(BrokenLines))]
    public void Open_BrokenLine_NamesTheLine(string line, string message) =>
        Check(_files.Write("c.jsonl", """{"layer":"a","data":[1,2],"timestep":5}""" + "\n" + line), message);

    [Fact]
    public void Open_EmptyJsonLines_SaysWhatIsExpected() =>
        Check(_files.Write("c.jsonl", "\n \n"), "no calibration samples, expected rows with layer, data and timestep");

    [Fact]
    public void Open_WeightsInsteadOfSamples_SaysWhatIsExpected() => Check(
        _files.WriteWeights("c.safetensors"),
        "no calibration samples, expected tensors named <layer>.input and <layer>.timestep, "
        + "or <layer>.channel_sqmean and <layer>.channel_absmax");

    public static TheoryData<string, ElementType, long[], string> WrongTensors => new()
    {
        { "a.input", ElementType.F32, [6], "tensor a.input: is float32 [6], expected floating-point [samples, in_features]" },
        { "a.input", ElementType.F32, [2, 3, 1], "tensor a.input: is float32 [2, 3, 1], expected floating-point [samples, in_features]" },
        { "a.input", ElementType.I32, [2, 3], "tensor a.input: is int32 [2, 3], expected floating-point [samples, in_features]" },
        { "a.input", ElementType.F32, [3, 0], "tensor a.input: is [3, 0], expected at most 16777216 rows of 1..16777216 values" },
        {
            "a.input", ElementType.F32, [0, 1L << 40],
            "tensor a.input: is [0, 1099511627776], expected at most 16777216 rows of 1..16777216 values"
        },
        { "b.timestep", ElementType.Bool, [4], "tensor b.timestep: is bool [4], expected integers or floating-point numbers [samples]" },
        {
            "b.timestep", ElementType.I32, [2, 2],
            "tensor b.timestep: is int32 [2, 2], expected integers or floating-point numbers [samples]"
        },
        { "a.channel_sqmean", ElementType.F32, [2, 3], "tensor a.channel_sqmean: stands alone, expected a.channel_absmax beside it" },
        { "a.channel_absmax", ElementType.F32, [2, 3], "tensor a.channel_absmax: stands alone, expected a.channel_sqmean beside it" },
        { "m.channel_absmax", ElementType.F32, [2, 3], "tensor m.channel_absmax: is [2, 3], expected [2, 1] as m.channel_sqmean is" },
        { "n.bucket_start", ElementType.I32, [3], "tensor n.bucket_start: has 3 values, expected 2, one for each bucket" },
        { "b.weight.input", ElementType.F32, [4, 1], "tensor b.weight.input: is there twice, with .weight in the name and without" },
    };

    [Theory]
    [MemberData(nameof(WrongTensors))]
    public void Open_WrongTensor_NamesIt(string name, ElementType type, long[] shape, string message)
    {
        SafeTensorsBuilder file = new SafeTensorsBuilder()
            .Add("b.input", new float[4], 4, 1)
            .Add("m.channel_sqmean", [1, 1], 2, 1)
            .Add("n.channel_sqmean", [1, 1], 2, 1)
            .Add("n.channel_absmax", [1, 1], 2, 1)
            .Add(name, type, shape);
        if (name[0] != 'm') file.Add("m.channel_absmax", [1, 1], 2, 1);
        Check(_files.Write("c.safetensors", file.Build()), message);
    }

    [Fact]
    public void Open_BucketsThatDoNotAscend_NamesThePlace()
    {
        SafeTensorsBuilder file = new SafeTensorsBuilder()
            .Add("n.channel_sqmean", [1, 1], 2, 1).Add("n.channel_absmax", [1, 1], 2, 1).Add("n.bucket_start", [5, 5], 2);
        Check(
            _files.Write("c.safetensors", file.Build()),
            "tensor n.bucket_start: has 5 at 1, expected whole timesteps that ascend within 0..1000000");
    }

    [Fact]
    public void Open_TruncatedSafeTensors_SaysWhatTheReaderSays()
    {
        string path = _files.Write("c.safetensors", new byte[3]);
        CalibrationException error = Open(path);
        Assert.Equal($"calibration data cannot be read: {path}: the file has 3 bytes, expected at least 8; it is truncated", error.Message);
        Assert.Equal(path, error.FilePath);
    }

    [Fact]
    public void Open_TableWithoutData_NamesTheColumnsThatItHas()
    {
        string path = _files.PathOf("c.parquet");
        new ParquetTable(1).Text("layer", ["a"], nullable: true).Text("input", ["b"], nullable: true)
            .Write(path, ParquetSharp.Compression.Snappy);
        Check(path, "has the columns input, layer, expected layer, data, timestep, shape (layer, timestep and shape are optional)");
    }

    [Fact]
    public void Open_TableWithOtherTypes_NamesTheColumn()
    {
        string path = _files.PathOf("c.parquet");
        new ParquetTable(1).Text("layer", ["a"], nullable: true).Text("data", ["b"], nullable: true)
            .Write(path, ParquetSharp.Compression.Snappy);
        Check(path, "column 'data' is utf8, expected lists of float32");
        new ParquetTable(1).Text("timestep", ["a"], nullable: true).ListOfFloat("data", [[1]]).Write(path, ParquetSharp.Compression.Snappy);
        Check(path, "column 'timestep' is utf8, expected numbers");
        new ParquetTable(1).LongIntegers("layer", [4], nullable: true).ListOfFloat("data", [[1]])
            .Write(path, ParquetSharp.Compression.Snappy);
        Check(path, "column 'layer' is int64, expected text");
        new ParquetTable(1).NullableListOfIntegers("data", [[1]]).Write(path, ParquetSharp.Compression.Snappy);
        Check(path, "column 'data' is list, expected lists of float32");
    }

    [Fact]
    public void Open_RowsOfDifferentLengths_NamesBothRows()
    {
        string path = _files.PathOf("c.parquet");
        new ParquetTable(3).Text("layer", ["a", "b", "a"], nullable: true).ListOfFloat("data", [[1, 2], [1], [1]])
            .Write(path, ParquetSharp.Compression.Snappy);
        Check(path, "row 2 has 1 values in a row of layer a, expected 2 as row 0 has");
    }

    [Theory]
    [InlineData("c.parquet")]
    [InlineData("c.arrow")]
    [InlineData("c.arrows")]
    public void Open_NoiseUnderTheNameOfATable_IsOneLineThatNamesTheFile(string name)
    {
        string path = _files.Write(name, [.. Enumerable.Range(0, 400).Select(i => (byte)(i * 37))]);
        CalibrationException error = Open(path);
        Assert.Equal(path, error.FilePath);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    private static CalibrationException Open(string path) => Assert.Throws<CalibrationException>(
        () => CalibrationData.Open([path], true, new DiffusionQuantConfig(), null));

    private static void Check(string path, string message)
    {
        CalibrationException error = Open(path);
        Assert.Equal($"{path}: {message}", error.Message);
        Assert.Equal(path, error.FilePath);
    }
}
