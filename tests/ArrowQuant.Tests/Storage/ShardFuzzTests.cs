using ArrowQuant.Errors;
using ArrowQuant.Storage;
using CsCheck;

namespace ArrowQuant.Tests.Storage;

/// <summary>Whatever happens to the bytes of a shard, reading it ends in a foreseen failure or in values.</summary>
[Trait("Category", "Fuzz")]
public sealed class ShardFuzzTests
{
    [Fact]
    public void Open_AnyBytesChanged_FailsAsForeseenOrReads()
    {
        using StorageFolder folder = new();
        RawShard.Write(folder.Path, RawShard.Rows());
        string path = folder[ArtefactLayout.ShardName(1, 1)];
        byte[] valid = File.ReadAllBytes(path);

        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 4].Sample(
            changes =>
            {
                byte[] bytes = [.. valid];
                foreach ((int index, byte value) in changes) bytes[index] = value;
                ReadAll(path, bytes, folder.Path);
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public void Open_AnyPrefix_IsRefused()
    {
        using StorageFolder folder = new();
        RawShard.Write(folder.Path, RawShard.Rows());
        string path = folder[ArtefactLayout.ShardName(1, 1)];
        byte[] valid = File.ReadAllBytes(path);

        for (int length = 0; length < valid.Length; length += 61)
        {
            File.WriteAllBytes(path, valid[..length]);
            Assert.Throws<ModelFormatException>(() => ArtefactReader.Open(folder.Path).Dispose());
        }
    }

    private static void ReadAll(string path, byte[] bytes, string folder)
    {
        File.WriteAllBytes(path, bytes);
        try
        {
            using ArtefactReader reader = ArtefactReader.Open(folder);
            foreach (StoredLayer layer in reader.Layers)
            {
                for (int block = 0; block < layer.Blocks.Count; block++)
                {
                    if (layer.IsKept) reader.ReadKept(layer, block);
                    else reader.ReadBlock(layer, block);
                }
            }
        }
        catch (ModelFormatException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.Equal(path, e.FilePath);
        }
    }
}
