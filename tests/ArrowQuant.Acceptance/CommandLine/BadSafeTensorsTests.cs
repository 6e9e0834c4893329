using System.Buffers.Binary;
using System.Text;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>
/// Safetensors files that lie. Expected of each: exit code 3, one line that names the file, the tensor, what was found and what was
/// expected, and nothing at the output path or beside it.
/// </summary>
public sealed class BadSafeTensorsTests : IDisposable
{
    private const string Good = "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,32],\"data_offsets\":[0,256]}";
    private readonly BadInputFolder _folder = new();

    /// <summary>Lies of the header: its text, how many bytes of values follow, and what the message must tell.</summary>
    [Theory]
    [InlineData("overlapping", "{" + Good + ""","b.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[128,384]}}""", 384, "b.weight",
        "128", "overlap", "256")]
    [InlineData("a hole", "{" + Good + ""","b.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[260,516]}}""", 516, "b.weight", "260",
        "hole", "256")]
    [InlineData("past the end", "{" + Good + ""","b.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[256,512]}}""", 300, "b.weight",
        "[256, 512]", "past the end", "300")]
    [InlineData("bytes left over", "{" + Good + "}", 300, "256", "300")]
    [InlineData("oversized shape", """{"a.weight":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,256]}}""", 256,
        "a.weight", "4294967296", "overflows")]
    [InlineData("size against shape", """{"a.weight":{"dtype":"F32","shape":[2,33],"data_offsets":[0,256]}}""", 256, "a.weight", "256",
        "264")]
    [InlineData("wrong type of dtype", """{"a.weight":{"dtype":32,"shape":[2,32],"data_offsets":[0,256]}}""", 256, "a.weight",
        "the number 32", "a string for dtype")]
    [InlineData("unknown dtype", """{"a.weight":{"dtype":"F31","shape":[2,32],"data_offsets":[0,256]}}""", 256, "a.weight", "F31", "F32")]
    [InlineData("wrong type of shape", """{"a.weight":{"dtype":"F32","shape":"2x32","data_offsets":[0,256]}}""", 256, "a.weight", "2x32",
        "integers for shape")]
    [InlineData("negative shape", """{"a.weight":{"dtype":"F32","shape":[-2,32],"data_offsets":[0,256]}}""", 256, "a.weight", "-2",
        "integers from 0")]
    [InlineData("offsets backwards", """{"a.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[256,0]}}""", 256, "a.weight", "[256, 0]",
        "begin <= end")]
    [InlineData("duplicate names", "{" + Good + "," + Good + "}", 256, "a.weight", "appears twice", "unique names")]
    [InlineData("missing key", """{"a.weight":{"dtype":"F32","data_offsets":[0,256]}}""", 256, "a.weight", "shape is missing")]
    [InlineData("an array", "[1,2]", 0, "0x5b", "'{'")]
    [InlineData("cut JSON", """{"a.weight":{"dtype":"F32",""", 256, "not valid JSON", "line 1")]
    public async Task Quantize_HeaderLies_IsOneClearLine(string lie, string header, int valueBytes, params string[] parts)
    {
        string path = _folder.Write("model.safetensors", FileOf(Encoding.UTF8.GetBytes(header), valueBytes));
        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, [path, .. parts]);
        Assert.NotEmpty(lie);
    }

    /// <summary>Header text that is not UTF-8.</summary>
    [Fact]
    public async Task Quantize_HeaderIsNotUtf8_IsOneClearLine()
    {
        byte[] header = Encoding.UTF8.GetBytes("{" + Good + "}");
        header[3] = 0xff;
        string path = _folder.Write("model.safetensors", FileOf(header, 256));
        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, path, "not UTF-8", "byte 3");
    }

    /// <summary>
    /// Lengths that lie: an empty file, a cut length field, a header longer than the file, an oversized one, an empty one.
    /// </summary>
    [Theory]
    [InlineData(0, 0, "0 bytes")]
    [InlineData(5, 0, "5 bytes")]
    [InlineData(108, 1000, "claims 1000 bytes", "100", "truncated")]
    [InlineData(108, long.MaxValue, "claims 9223372036854775807 bytes", "at most")]
    [InlineData(8, 0, "the header has 0 bytes")]
    public async Task Quantize_LengthsLie_IsOneClearLine(int fileLength, long claimed, params string[] parts)
    {
        byte[] file = new byte[fileLength];
        if (fileLength >= 8) BinaryPrimitives.WriteInt64LittleEndian(file, claimed);
        string path = _folder.Write("model.safetensors", file);
        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, [path, .. parts]);
    }

    /// <summary>A real model whose file ends in the middle of its values.</summary>
    [Fact]
    public async Task Quantize_TruncatedModel_IsOneClearLine()
    {
        byte[] whole = File.ReadAllBytes(RepositoryPaths.SampleFile("llada-kjv", "model.safetensors"));
        string path = _folder.Write("model.safetensors", whole.AsSpan(0, whole.Length / 2));
        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, path, "past the end", "truncated, fetch it again");
    }

    /// <summary>Indexes that name missing shards, paths outside the folder, and tensors that the shard does not hold.</summary>
    [Theory]
    [InlineData("""{"weight_map":{"a.weight":"gone.safetensors"}}""", "gone.safetensors", "missing")]
    [InlineData("""{"weight_map":{"a.weight":"../secret.safetensors"}}""", "../secret.safetensors", "inside")]
    [InlineData("""{"weight_map":{"a.weight":"/etc/passwd"}}""", "/etc/passwd", "inside")]
    [InlineData("""{"weight_map":{"a.weight":"one.safetensors","b.weight":"one.safetensors"}}""", "b.weight", "one.safetensors")]
    [InlineData("""{"weight_map":[1]}""", "weight_map")]
    [InlineData("not JSON", "JSON")]
    public async Task Quantize_IndexLies_IsOneClearLine(string index, params string[] parts)
    {
        _folder.Write("one.safetensors", FileOf(Encoding.UTF8.GetBytes("{" + Good + "}"), 256));
        string path = _folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes(index));
        _folder.AssertOneLine(await _folder.QuantizeAsync(_folder.Inputs), 3, [path, .. parts]);
    }

    /// <summary>
    /// A weight that is not finite. Input: one NaN, one infinity deep inside a layer. Expected: exit code 3, the tensor, the place, and
    /// what to do.
    /// </summary>
    [Theory]
    [InlineData(float.NaN, 2)]
    [InlineData(float.PositiveInfinity, 4)]
    [InlineData(float.NegativeInfinity, 8)]
    public async Task Quantize_WeightIsNotFinite_NamesTensorAndPlace(float value, int bits)
    {
        float[] values = SyntheticModels.Values(WeightDistribution.Gaussian, 64 * 256, 61);
        values[(37 * 256) + 101] = value;
        string path = Path.Combine(_folder.Inputs, "model.safetensors");
        WeightFileWriter.Write(
            path, new Dictionary<string, (long[] Shape, float[] Values)> { ["blocks.0.proj.weight"] = ([64, 256], values) });
        ToolRun run = await _folder.QuantizeAsync(path, "--bit-width", $"{bits}");
        _folder.AssertOneLine(run, 3, path, "blocks.0.proj.weight", "row 37", "column 101", "finite", "--exclude");
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static byte[] FileOf(byte[] header, int valueBytes)
    {
        byte[] file = new byte[8 + header.Length + valueBytes];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        header.CopyTo(file, 8);
        return file;
    }
}
