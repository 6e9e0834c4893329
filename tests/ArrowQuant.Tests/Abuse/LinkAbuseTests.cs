using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.TestKit.Parquet;
using ArrowQuant.Tests.Storage;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Abuse;

/// <summary>Folders of strangers whose links lead to files of the user. Whatever is read into a result must lie in the folder.</summary>
public sealed class LinkAbuseTests : IDisposable
{
    private readonly ModelFiles _outside = new();
    private readonly ModelFiles _files = new();

    [Fact]
    public void Open_WeightsOfAFolderAreALink_IsRefused()
    {
        Link("model.safetensors", _outside.WriteWeights("secret.safetensors"));
        AssertRefused("model.safetensors", () => ModelSource.Open(_files.Root));
    }

    [Fact]
    public void Open_FileThatTheUserNamesIsALink_IsRead()
    {
        Link("model.safetensors", _outside.WriteWeights("big.safetensors"));
        using IModelSource source = ModelSource.Open(_files.PathOf("model.safetensors"));
        Assert.Single(source.Tensors);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("metadata.json")]
    [InlineData("tokenizer.json")]
    [InlineData("calibration.safetensors")]
    public void Open_FileBesideTheWeightsIsALink_IsRefused(string name)
    {
        _files.WriteWeights("model.safetensors");
        Link(name, _outside.Write("secret"));
        AssertRefused(name, () => ModelSource.Open(_files.Root));
    }

    [Fact]
    public void Open_ParquetFileOfAFolderIsALink_IsRefused()
    {
        OldParquetFixtures.WriteV1(_outside.PathOf("secret.parquet"), [OldRows.Raw("a", [1], [1f])]);
        Link("weights.parquet", _outside.PathOf("secret.parquet"));
        AssertRefused("weights.parquet", () => ModelSource.Open(_files.Root));
    }

    [Fact]
    public void Open_ShardOfAnArtefactIsALink_IsRefused()
    {
        RawShard.Write(_outside.Root, RawShard.Rows());
        string name = ArtefactLayout.ShardName(1, 1);
        Link(name, _outside.PathOf(name));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(_files.Root));
        Assert.Equal($"{_files.PathOf(name)}: is a link to {_outside.PathOf(name)}, expected a file inside {_files.Root}", e.Message);
    }

    [Fact]
    public void Open_FileBesideAnArtefactIsALink_IsRefused()
    {
        RawShard.Write(_files.Root, RawShard.Rows());
        Link("notes.txt", _outside.Write("secret"));
        AssertRefused("notes.txt", () => ModelSource.Open(_files.Root));
    }

    [Fact]
    public void Open_FolderInAnArtefactIsALink_IsRefused()
    {
        RawShard.Write(_files.Root, RawShard.Rows());
        _outside.Write("secret");
        Directory.CreateSymbolicLink(_files.PathOf("tokenizer"), _outside.Root);
        AssertRefused("tokenizer", () => ModelSource.Open(_files.Root));
    }

    public void Dispose()
    {
        _files.Dispose();
        _outside.Dispose();
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(_files.PathOf(name), target);

    private void AssertRefused(string name, Func<IModelSource> open)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(open);
        Assert.Contains($"'{name}' is a link to {_outside.Root}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"expected a file inside {_files.Root}", e.Message, StringComparison.Ordinal);
    }
}
