using System.Diagnostics;
using System.Text;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Abuse;

/// <summary>Lies of text files: names that are no text or that write on the terminal, lists that are larger than they look.</summary>
public sealed class TextAbuseTests : IDisposable
{
    private readonly ModelFiles _files = new();

    [Theory]
    [InlineData("""{"weight_map": {"\ud800": "a.safetensors"}}""")]
    [InlineData("""{"weight_map": {"a": "\udc00.safetensors"}}""")]
    [InlineData("""{"metadata": ["\ud800"], "weight_map": {"a": "a.safetensors"}}""")]
    public void Open_IndexWithHalfACharacter_IsRefused(string index)
    {
        string path = _files.Write("model.safetensors.index.json", index);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(_files.Root));
        Assert.Equal($"{path}: not valid JSON: a string is not Unicode text", e.Message);
    }

    [Fact]
    public void Open_ComponentNameOfBrokenBytes_IsRefused()
    {
        _files.Write("model_index.json", [.. "{\""u8, 0xC3, 0x28, .. "\": [\"a\", \"b\"]}"u8]);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(_files.Root));
        Assert.Contains("model_index.json: not valid JSON", e.Message);
    }

    [Fact]
    public void Open_ShardNameThatWritesOnTheTerminal_IsShownAsEscapes()
    {
        const string Metadata = """
            {"format": "parquet_v2_extended", "format_version": "1.0", "tool_version": "1", "is_diffusion_model": false,
             "shards": [{"path": "\u001b[2J\r\nerror: all is well", "bytes": 1, "xxh128": "0"}]}
            """;
        _files.Write("metadata.json", Metadata);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(_files.Root));
        Assert.Contains(@"'\u001b[2J error: all is well'", e.Message);
        Assert.DoesNotContain(e.Message, char.IsControl);
    }

    [Fact]
    public void Open_DocumentLargerThanAnySuch_IsRefusedUnread()
    {
        string path = _files.PathOf("metadata.json");
        using (FileStream sparse = File.Create(path)) sparse.SetLength(300L << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(_files.Root));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Contains("it has 314572800 bytes, expected at most 268435456", e.Message);
    }

    [Fact]
    public void Read_YamlOfAliasesOfAliases_IsRefusedAtOnce()
    {
        StringBuilder yaml = new("a0: &a0 [x, x]\n");
        for (int i = 1; i < 40; i++) yaml.Append($"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n");
        yaml.Append("? *a39\n: 1\n");
        long start = Stopwatch.GetTimestamp();
        List<string> errors = [];

        Assert.Empty(YamlConfigurationReader.Read(yaml.ToString(), "c.yaml", errors));

        Assert.Equal("c.yaml:2: *a0 stands for another value; write the value itself", Assert.Single(errors));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 2);
    }

    public void Dispose() => _files.Dispose();
}
