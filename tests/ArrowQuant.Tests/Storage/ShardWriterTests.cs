using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ParquetSharp;

namespace ArrowQuant.Tests.Storage;

public sealed class ShardWriterTests
{
    [Fact]
    public void RowGroups_HoldUpTo4MiB_AndALargerRowStandsAlone()
    {
        using StorageFolder folder = new();
        int[] sizes = [3 << 20, 1 << 20, 1, 5 << 20, 2 << 20, 3 << 20, 1 << 20, (7 << 19) - 1, 1, 7 << 19, 1];
        StorageSamples.WriteArtefact(folder.Path, writer =>
        {
            for (int i = 0; i < sizes.Length; i++)
                writer.WriteKept(StorageSamples.Kept($"t{i}", [sizes[i]], ElementType.U8), 0, 1, new byte[sizes[i]], 0);
        });

        using ParquetFileReader file = new(folder[ArtefactLayout.ShardName(1, 1)]);
        long[] rows = [.. Enumerable.Range(0, file.FileMetaData.NumRowGroups).Select(group =>
        {
            using RowGroupReader reader = file.RowGroup(group);
            return reader.MetaData.NumRows;
        })];

        // From 3.5 MiB on a row group does not wait for another row.
        Assert.Equal([2, 1, 1, 1, 2, 2, 1, 1], rows);
    }

    [Fact]
    public void Complete_ShardsWrittenAtOnce_HaveTheSameBytes()
    {
        using StorageFolder folder = new();
        ShardFile Write(string name, int seed) => StorageSamples.WriteShard(folder.Path, name, writer =>
        {
            QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 512, 128);
            for (int i = 0; i < 8; i++)
            {
                QuantizedBlock block = StorageSamples.Block(format, 0, 256, seed + i);
                writer.WriteBlock(StorageSamples.Layer($"w{i}", [256, 512], format), block, 0, 1, 0);
            }
        });
        ShardFile[] alone = [.. Enumerable.Range(0, 4).Select(i => Write($"alone{i}", i))];

        ShardFile[] together = new ShardFile[4];
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => together[i] = Write($"together{i}", i));

        Assert.Equal(alone.Select(file => file.Xxh128), together.Select(file => file.Xxh128));
    }

    [Fact]
    public void WriteBlock_WrongUse_IsAnArgumentError()
    {
        using StorageFolder folder = new();
        using ShardWriter writer = new(folder["a"], new ArtefactWriterOptions());
        QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 64, 32);
        QuantizedBlock block = StorageSamples.Block(format, 0, 2);
        LayerHeader header = StorageSamples.Layer("w", [2, 64], format);
        LayerHeader smaller = header with { Shape = new TensorShape(1, 64) };
        LayerHeader unknown = header with { Method = "magic" };
        LayerHeader kept = StorageSamples.Kept("k", [2], ElementType.F32);

        AssertMessage("the block does not belong to layer w", () => writer.WriteBlock(smaller, block, 0, null, null));
        AssertMessage("k is kept", () => writer.WriteBlock(kept, block, 0, null, null));
        AssertMessage("w is quantized", () => writer.WriteKept(header, 0, 2, new byte[8], 0));
        AssertMessage("1 rows of k need 8 bytes, not 7", () => writer.WriteKept(kept, 0, 1, new byte[7], 0));
        AssertMessage("layer w: method 'magic' is not known", () => writer.WriteBlock(unknown, block, 0, null, null));
        QuantizedFormat equalized = format with { EqualizationScales = [2f] };
        AssertMessage(
            "layer w: spatial_quant_json has other equalization scales than the format",
            () => writer.WriteBlock(header with { Format = equalized }, block, 0, null, null));
    }

    [Fact]
    public void ReadBlock_FromManyThreads_GivesTheSame()
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(2, CodeLayout.Lattice3, 64, 32);
        StorageSamples.WriteArtefact(folder.Path, writer =>
        {
            for (int i = 0; i < 50; i++)
                writer.WriteBlock(StorageSamples.Layer($"w{i}", [3, 64], format), StorageSamples.Block(format, 0, 3, i), 0, null, null);
        });
        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            float[] weights = reader.ReadLayer($"w{i % 50}");
            Assert.Equal(StorageSamples.Decode(StorageSamples.Block(format, 0, 3, i % 50)), weights);
        });
    }

    [Fact]
    public void WriteKept_DiskFull_IsAResourceErrorNamingTheFile()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs a device that is always full");
        using StorageFolder folder = new();
        File.CreateSymbolicLink(folder["full"], "/dev/full");
        HashingFileStream full = new(folder["full"], false, FileMode.Open);
        using ShardWriter writer = new(folder["full"], full, new ArtefactWriterOptions());

        ResourceException e = Assert.Throws<ResourceException>(
            () => writer.WriteKept(StorageSamples.Kept("k", [5 << 20], ElementType.U8), 0, 1, new byte[5 << 20], 0));

        Assert.StartsWith($"{folder["full"]}: cannot be written: No space left on device", e.Message, StringComparison.Ordinal);
        Assert.Equal(folder["full"], e.FilePath);
    }

    private static void AssertMessage(string message, Action act) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(act).Message, StringComparison.Ordinal);
}
