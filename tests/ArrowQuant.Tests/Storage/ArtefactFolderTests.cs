using System.Text;
using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

/// <summary>What Open demands of a folder and its metadata.json, before it believes a shard.</summary>
public sealed class ArtefactFolderTests
{
    private static readonly string First = ArtefactLayout.ShardName(1, 2);
    private static readonly string Second = ArtefactLayout.ShardName(2, 2);

    [Fact]
    public void Open_NoSuchFolder_IsNotFound()
    {
        using StorageFolder folder = new();

        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => ArtefactReader.Open(folder["nowhere"]));

        Assert.Equal($"{folder["nowhere"]}: there is no such folder", e.Message);
    }

    [Fact]
    public void Open_FolderWithoutShards_IsRefused()
    {
        using StorageFolder folder = new();

        AssertRefused(folder, folder.Path, "is not an ArrowQuant artefact: it has neither metadata.json nor model-00001-of-00001.parquet");
        Assert.False(ArtefactLayout.IsArtefact(folder.Path));
    }

    [Theory]
    [InlineData("{", "is not the metadata of an ArrowQuant artefact")]
    [InlineData("""{"format":"parquet_v2_extended","modality":"text"}""", "is not the metadata of an ArrowQuant artefact")]
    [InlineData("""{"format":"parquet_v2_extended","format_version":"2.3","shards":[]}""", "is format version 2.3, this program reads 1.x")]
    [InlineData("""{"format":"parquet_v2_extended","format_version":2,"shards":[]}""", "is format version 2, this program reads 1.x")]
    [InlineData("""{"format":"parquet_v2_extended","format_version":"1.0","shards":[]}""", "cannot be read: ")]
    public void Open_MetadataThatLies_IsRefused(string json, string message)
    {
        using StorageFolder folder = new();
        File.WriteAllText(folder[ArtefactLayout.MetadataFile], json);

        AssertRefused(folder, folder[ArtefactLayout.MetadataFile], message);
    }

    [Theory]
    [InlineData("null", "cannot be read: ")]
    [InlineData("\"../model-00001-of-00001.parquet\"", "which is not a path inside the artefact")]
    [InlineData("\"/model-00001-of-00001.parquet\"", "which is not a path inside the artefact")]
    [InlineData("\"weights.parquet\"", "lists shard 'weights.parquet', expected a name like model-00001-of-00001.parquet")]
    [InlineData("\"model-00002-of-00003.parquet\"", "shard model-00001-of-00003.parquet is missing: 1 of 3 are there")]
    public void Open_ShardPathThatLies_IsRefused(string path, string message)
    {
        using StorageFolder folder = new();
        File.WriteAllText(folder[ArtefactLayout.MetadataFile], $$"""
            {"format":"parquet_v2_extended","format_version":"1.0","tool_version":"1","shards":[{"path":{{path}},"bytes":1,"xxh128":""}]}
            """);

        AssertRefused(folder, folder[ArtefactLayout.MetadataFile], message);
    }

    [Fact]
    public void Open_UnknownPropertiesAndMinorVersion_AreRead()
    {
        using StorageFolder folder = new();
        ShardFile file = StorageSamples.WriteShard(folder.Path, ArtefactLayout.ShardName(1, 1), writer => WriteTensor(writer, "a"));
        File.WriteAllText(folder[ArtefactLayout.MetadataFile], $$"""
            {"format":"parquet_v2_extended","format_version":"1.9","tool_version":"3","news":{},
             "shards":[{"path":"{{file.RelativePath}}","bytes":{{file.Bytes}},"xxh128":"{{file.Xxh128}}","more":1}]}
            """);

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal("a", Assert.Single(reader.Layers).Name);
        Assert.True(ArtefactLayout.IsArtefact(folder.Path));
    }

    [Fact]
    public void Open_ShardMissing_IsNotFound()
    {
        using StorageFolder folder = new();
        WriteTwoShards(folder);
        File.Delete(folder[Second]);

        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => ArtefactReader.Open(folder.Path));

        Assert.Equal($"{folder[Second]}: this file is missing, metadata.json lists it", e.Message);
        Assert.Equal(folder[Second], e.FilePath);
    }

    [Fact]
    public void Open_ShardMissingWithoutMetadata_IsRefused()
    {
        using StorageFolder folder = new();
        WriteTwoShards(folder);
        File.Delete(folder[ArtefactLayout.MetadataFile]);
        File.Delete(folder[First]);

        AssertRefused(folder, folder.Path, $"shard {First} is missing: 1 of 2 are there");
    }

    [Fact]
    public void Open_ShardCutInHalf_IsRefused()
    {
        using StorageFolder folder = new();
        WriteTwoShards(folder);
        byte[] bytes = File.ReadAllBytes(folder[Second]);
        File.WriteAllBytes(folder[Second], bytes[..(bytes.Length / 2)]);

        string message = $"has {bytes.Length / 2} bytes, metadata.json says {bytes.Length}: it was cut short or changed";
        AssertRefused(folder, folder[Second], message);
    }

    [Fact]
    public void Open_TwoDamagedShards_NamesTheFirst()
    {
        using StorageFolder folder = new();
        WriteTwoShards(folder);
        foreach (string name in new[] { First, Second }) File.WriteAllBytes(folder[name], new byte[new FileInfo(folder[name]).Length]);

        for (int i = 0; i < 20; i++) AssertRefused(folder, folder[First], "is not a whole Parquet file");
    }

    [Fact]
    public void Open_SameTensorInTwoShards_IsRefused()
    {
        using StorageFolder folder = new();
        WriteTwoShards(folder, "a", "a");

        AssertRefused(folder, folder[Second], "tensor a: is stored twice");
    }

    [Fact]
    public void VerifyHashes_OneByteChanged_NamesTheFile()
    {
        using StorageFolder folder = new();
        WriteTwoShards(folder);
        using ArtefactReader reader = ArtefactReader.Open(folder.Path);
        reader.VerifyHashes(TestContext.Current.CancellationToken);
        byte[] bytes = File.ReadAllBytes(folder[First]);
        bytes[100] ^= 1;
        File.WriteAllBytes(folder[First], bytes);

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => reader.VerifyHashes(TestContext.Current.CancellationToken));

        Assert.Equal(folder[First], e.FilePath);
        Assert.Contains("its bytes were changed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToUtf8_Metadata_HasTheDocumentedNames()
    {
        using StorageFolder folder = new();
        StorageSamples.WriteMetadata(folder.Path, [new ArtefactShard("model-00001-of-00001.parquet", 12, "ab", "cd")]);

        Assert.Equal(
            """
            {
              "format": "parquet_v2_extended",
              "format_version": "1.0",
              "tool_version": "0.1.0",
              "modality": "image",
              "model_type": "dit",
              "is_diffusion_model": true,
              "quantization_config": {
                "bit_width": 4
              },
              "shards": [
                {
                  "path": "model-00001-of-00001.parquet",
                  "bytes": 12,
                  "xxh128": "ab",
                  "sha256": "cd"
                }
              ]
            }

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(File.ReadAllBytes(folder[ArtefactLayout.MetadataFile])));
    }

    [Fact]
    public void IsArtefact_ShardsOfOneComponent_AreRecognised()
    {
        using StorageFolder folder = new();
        StorageSamples.WriteShard(folder.Path, "unet/model-00001-of-00001.parquet", writer => WriteTensor(writer, "a"));

        Assert.True(ArtefactLayout.IsArtefact(folder["unet"]));
        Assert.False(ArtefactLayout.HasOwnMetadata(folder["unet"]));
    }

    private static void WriteTwoShards(StorageFolder folder, string first = "a", string second = "b") => StorageSamples.WriteMetadata(
        folder.Path,
        [
            ArtefactShard.Of(StorageSamples.WriteShard(folder.Path, First, writer => WriteTensor(writer, first))),
            ArtefactShard.Of(StorageSamples.WriteShard(folder.Path, Second, writer => WriteTensor(writer, second))),
        ]);

    private static void WriteTensor(ShardWriter writer, string name) =>
        writer.WriteKept(StorageSamples.Kept(name, [64], ElementType.F32), 0, 1, StorageSamples.Bytes(256), 0);

    private static void AssertRefused(StorageFolder folder, string path, string message)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(folder.Path).Dispose());
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(path, e.FilePath);
        Assert.DoesNotContain('\n', e.Message);
    }
}
