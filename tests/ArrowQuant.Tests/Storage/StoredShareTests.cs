using ArrowQuant.Configuration;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

/// <summary>What values take in a file whose <c>data</c> is compressed.</summary>
public sealed class StoredShareTests
{
    [Theory]
    [InlineData(Compression.None)]
    [InlineData(Compression.Zstd)]
    public void Complete_KeptAndQuantized_CountsWhatIsInTheFile(Compression compression)
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 256, 128);
        LayerHeader layer = StorageSamples.Layer("w", [2048, 256], format);
        LayerHeader zeros = StorageSamples.Kept("zeros", [1 << 20], ElementType.F32);
        LayerHeader small = StorageSamples.Kept("bias", [64], ElementType.F32);
        ShardFile file = StorageSamples.WriteArtefact(
            folder.Path,
            writer =>
            {
                writer.WriteBlock(layer, StorageSamples.Block(format, 0, 2048), 1, 0.9, 0.1);
                writer.WriteKept(small, 0, 1, StorageSamples.Bytes(256), 1);
                writer.WriteKept(zeros, 0, 1, new byte[4 << 20], 1);
            },
            new ArtefactWriterOptions { Compression = compression });

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal([2048 * 128, 256, 4 << 20], reader.Layers.Select(stored => stored.DataBytes));
        long codes = reader.Layers[0].StoredBytes, bias = reader.Layers[1].StoredBytes, empty = reader.Layers[2].StoredBytes;
        Assert.Equal(bias + empty, file.KeptBytes);
        if (compression == Compression.None)
        {
            Assert.Equal([2048 * 128, 256, 4 << 20], new[] { codes, bias, empty });
            return;
        }

        // Random codes and bytes do not shrink, zeros do.
        Assert.InRange(codes, 2048 * 128, 2048 * 128 + 100);
        Assert.InRange(bias, 256, 300);
        Assert.InRange(empty, 1, 1000);
        Assert.InRange(file.Bytes - codes - bias - empty, 0, 20_000);
    }

    [Fact]
    public void Of_ValuesThatShareAPage_ShareWhatItSaved()
    {
        PageHeader[] pages = [new(20, 0, 50, 100, 2, 0), new(20, 0, 300, 300, 1, 0), new(20, 0, 10, 1000, 1, 0)];
        Assert.Equal([5, 40, 296, 9], StoredShare.Of(pages, [10, 80, 296, 900]));
    }
}
