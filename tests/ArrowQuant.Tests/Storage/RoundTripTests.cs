using ArrowQuant.Configuration;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

public sealed class RoundTripTests
{
    public static TheoryData<int, CodeLayout, int, int, bool> Formats => new()
    {
        { 2, CodeLayout.Affine, 256, 128, false },
        { 4, CodeLayout.Affine, 256, 128, false },
        { 8, CodeLayout.Affine, 256, 128, false },
        { 2, CodeLayout.Lattice2, 256, 128, false },
        { 2, CodeLayout.Lattice3, 256, 128, false },
        { 2, CodeLayout.Affine, 75, 32, false }, // short last group, row ends inside a byte
        { 4, CodeLayout.Affine, 75, 32, false },
        { 2, CodeLayout.Lattice3, 75, 64, false },
        { 4, CodeLayout.Affine, 48, 128, false }, // group larger than the row
        { 2, CodeLayout.Affine, 75, 75, true },
        { 4, CodeLayout.Affine, 75, 75, true },
        { 8, CodeLayout.Affine, 75, 75, true },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void ReadBlock_EveryFormat_GivesWhatWasWritten(int bits, CodeLayout layout, int columns, int groupSize, bool perChannel)
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(bits, layout, columns, groupSize) with { PerChannel = perChannel };
        QuantizedBlock block = StorageSamples.Block(format, 0, 7);
        LayerHeader header = StorageSamples.Layer("blocks.0.mlp.fc1.weight", [7, columns], format) with
        {
            Enhancement = "time_aware",
            TimeAwareJson = """{"enabled":true}""",
            ActivationStatsJson = """{"mean":[0.5]}""",
            SourceType = ElementType.BF16,
        };
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteBlock(header, block, 42, 0.99, 0.01));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        StoredLayer layer = Assert.Single(reader.Layers);
        Assert.Equal(header, layer.Header with { Format = header.Format });
        Assert.Equal(format, layer.Header.Format);
        Assert.Equal($"int{bits}", layer.QuantType);
        Assert.Equal(perChannel ? null : groupSize, layer.GroupSize);
        Assert.Equal(0.99, layer.CosineSimilarity);
        Assert.Equal(0.01, layer.Nmse);
        Assert.Equal((UInt128)42, layer.Blocks[0].SourceHash);
        Assert.Equal(block.Codes.Length, layer.DataBytes);
        QuantizedBlock read = reader.ReadBlock(layer, 0);
        Assert.Equal(block.Codes, read.Codes);
        Assert.Equal(block.Scales, read.Scales);
        Assert.Equal(block.ZeroPoints, read.ZeroPoints);
        Assert.Equal(block.Levels, read.Levels);
        Assert.Equal(StorageSamples.Decode(block), reader.ReadLayer(layer.FullName));
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.F8E4M3)]
    [InlineData(ElementType.F8E5M2)]
    [InlineData(ElementType.F64)]
    [InlineData(ElementType.I8)]
    [InlineData(ElementType.U8)]
    [InlineData(ElementType.I16)]
    [InlineData(ElementType.U16)]
    [InlineData(ElementType.I32)]
    [InlineData(ElementType.U32)]
    [InlineData(ElementType.I64)]
    [InlineData(ElementType.U64)]
    [InlineData(ElementType.Bool)]
    [InlineData(ElementType.F8E8M0)]
    [InlineData(ElementType.C64)]
    [InlineData(ElementType.F6E2M3)]
    [InlineData(ElementType.F6E3M2)]
    [InlineData(ElementType.F4)]
    public void ReadKept_EveryElementType_GivesSameBytes(ElementType type)
    {
        using StorageFolder folder = new();
        LayerHeader header = StorageSamples.Kept("norm.bias", [3, 8], type);
        byte[] values = StorageSamples.Bytes((int)type.ByteLength(24)!);
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteKept(header, 0, 3, values, 7));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        StoredLayer layer = Assert.Single(reader.Layers);
        Assert.True(layer.IsKept);
        Assert.Equal(header, layer.Header);
        Assert.Equal(type.BitSize(), layer.BitWidth);
        Assert.Equal(values, reader.ReadKept(layer, 0));
    }

    [Fact]
    public void WriteKept_ScalarsAndEmptyTensors_RoundTrip()
    {
        using StorageFolder folder = new();
        (string Name, long[] Shape)[] tensors = [("scalar", []), ("empty", [0]), ("no_rows", [0, 5]), ("no_columns", [5, 0]), ("one", [1])];
        ShardFile file = StorageSamples.WriteArtefact(folder.Path, writer =>
        {
            foreach ((string name, long[] shape) in tensors)
            {
                LayerHeader header = StorageSamples.Kept(name, shape, ElementType.F32);
                int rows = BlockPlan.RowsPerBlock(header.View, header.SourceType, null);
                (long start, int count) = Assert.Single(BlockPlan.Blocks(header.View, rows));
                writer.WriteKept(header, start, count, StorageSamples.Bytes((int)header.Shape.ElementCount * 4), 0);
            }
        });

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal(tensors.Select(tensor => tensor.Name), reader.Layers.Select(layer => layer.Name));
        Assert.Equal(tensors.Select(tensor => new TensorShape(tensor.Shape)), reader.Layers.Select(layer => layer.Shape));
        Assert.Equal([1, 0, 0, 0, 1], reader.Layers.Select(layer => reader.ReadLayer(layer.FullName).Length));
        Assert.Equal(8, file.KeptBytes);
        Assert.Equal(5, file.Rows);
    }

    [Fact]
    public void ReadRows_KeptFloatTypes_AreConvertedExactly()
    {
        using StorageFolder folder = new();
        (ElementType Type, string Hex, float[] Expected)[] tensors =
        [
            (ElementType.F32, "0000803F000000C0", [1f, -2f]),
            (ElementType.F16, "003C0100", [1f, 5.9604645e-08f]),
            (ElementType.BF16, "803F40C0", [1f, -3f]),
            (ElementType.F8E4M3, "3801FEFF", [1f, 0.001953125f, -448f, float.NaN]),
            (ElementType.F8E5M2, "3C017BFC", [1f, 1.52587890625e-05f, 57344f, float.NegativeInfinity]),
            (ElementType.F64, "000000000000F03F", [1f]),
        ];
        StorageSamples.WriteArtefact(folder.Path, writer =>
        {
            foreach ((ElementType type, string hex, float[] expected) in tensors)
                writer.WriteKept(StorageSamples.Kept(type.Name(), [expected.Length], type), 0, 1, Convert.FromHexString(hex), 0);
        });

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        foreach ((ElementType type, _, float[] expected) in tensors) Assert.Equal(expected, reader.ReadLayer(type.Name()));
    }

    [Fact]
    public void ReadRows_KeptIntegers_AreRefused()
    {
        using StorageFolder folder = new();
        StorageSamples.WriteArtefact(folder.Path, writer =>
            writer.WriteKept(StorageSamples.Kept("ids", [2], ElementType.I64), 0, 1, new byte[16], 0));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        ArgumentException e = Assert.Throws<ArgumentException>(() => reader.ReadLayer("ids"));
        Assert.Contains("ids holds int64 values, not weights", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadLayer_Equalized_MultipliesEveryInputChannel()
    {
        using StorageFolder folder = new();
        float[] scales = [0.5f, 2f, 4f];
        QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 12, 8, scales); // conv: 3 channels of 2 x 2
        QuantizedBlock block = StorageSamples.Block(format, 0, 2);
        LayerHeader header = StorageSamples.Layer("conv.weight", [2, 3, 2, 2], format, method: "gptq") with { Enhancement = "spatial" };
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteBlock(header, block, 0, null, null));

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);
        float[] weights = reader.ReadLayer("conv.weight");

        Assert.Equal("""{"enabled":true,"channel_equalization":true,"alpha":0.5,"equalization_scales":[0.5,2,4]}""", header.SpatialJson);
        Assert.Equal(header.SpatialJson, reader.Layers[0].SpatialJson);
        for (int i = 0; i < weights.Length; i++)
        {
            int column = i % 12, group = i / 12 * 2 + column / 8;
            int code = block.Codes[i / 2] >> i % 2 * 4 & 15;
            Assert.Equal((code - block.ZeroPoints[group]) * block.Scales[group] * scales[column / 4], weights[i]);
        }
    }

    [Fact]
    public void ReadLayer_RowAxisOne_RestoresShape()
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(8, CodeLayout.Affine, 6, 32);
        QuantizedBlock block = StorageSamples.Block(format, 0, 4);
        LayerHeader header = StorageSamples.Layer("up.weight", [3, 4, 2], format, rowAxis: 1);
        StorageSamples.WriteArtefact(folder.Path, writer => writer.WriteBlock(header, block, 0, null, null));
        float[] view = StorageSamples.Decode(block);

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);
        float[] weights = reader.ReadLayer("up.weight");

        for (int i = 0; i < 3; i++)
            for (int o = 0; o < 4; o++)
                for (int k = 0; k < 2; k++) Assert.Equal(view[o * 6 + i * 2 + k], weights[(i * 4 + o) * 2 + k]);
    }

    [Theory]
    [InlineData(Compression.None)]
    [InlineData(Compression.Zstd)]
    public void ReadRows_MultiBlockLayer_GivesAnyRange(Compression compression)
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(2, CodeLayout.Lattice3, 40, 32);
        QuantizedBlock[] blocks =
            [StorageSamples.Block(format, 0, 5, 1), StorageSamples.Block(format, 5, 5, 2), StorageSamples.Block(format, 10, 2, 3)];
        float[] all = [.. blocks.SelectMany(StorageSamples.Decode)];
        LayerHeader header = StorageSamples.Layer("w", [12, 40], format);
        StorageSamples.WriteArtefact(
            folder.Path,
            writer =>
            {
                foreach (QuantizedBlock block in blocks)
                    writer.WriteBlock(header, block, (UInt128)block.RowStart, block == blocks[^1] ? 0.9 : null, null);
            },
            new ArtefactWriterOptions { Compression = compression });

        using ArtefactReader reader = ArtefactReader.Open(folder.Path);

        Assert.Equal(0.9, reader.Layers[0].CosineSimilarity);
        Assert.Equal([0L, 5L, 10L], reader.Layers[0].Blocks.Select(block => block.RowStart));
        for (int start = 0; start <= 12; start++)
        {
            for (int count = 0; start + count <= 12; count++)
            {
                float[] rows = new float[count * 40];
                reader.ReadRows("w", start, count, rows);
                Assert.Equal(all[(start * 40)..((start + count) * 40)], rows);
            }
        }
    }

    [Fact]
    public void Open_SeveralShardsAndComponents_GivesLayersInOrder()
    {
        using StorageFolder folder = new();
        string[] paths =
            ["text_encoder/model-00001-of-00001.parquet", "unet/model-00001-of-00002.parquet", "unet/model-00002-of-00002.parquet"];
        ShardFile[] files = [.. paths.Select((path, i) => StorageSamples.WriteShard(folder.Path, path, writer =>
            writer.WriteKept(StorageSamples.Kept($"w{i % 2}", [2], ElementType.F32), 0, 1, StorageSamples.Bytes(8, i), 0)))];
        StorageSamples.WriteMetadata(folder.Path, [.. files.Select(ArtefactShard.Of)]);

        using ArtefactReader whole = ArtefactReader.Open(folder.Path);
        using ArtefactReader unet = ArtefactReader.Open(folder["unet"]);

        Assert.Equal(["text_encoder/w0", "unet/w1", "unet/w0"], whole.Layers.Select(layer => layer.FullName));
        Assert.Equal(["w1", "w0"], unet.Layers.Select(layer => layer.FullName));
        Assert.Equal(whole.ReadLayer("unet/w0"), unet.ReadLayer("w0"));
        whole.VerifyHashes(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Complete_SameContentTwice_GivesSameBytes()
    {
        using StorageFolder folder = new();
        ShardFile[] files = [.. new[] { "a", "b" }.Select(name => StorageSamples.WriteArtefact(
            folder[name],
            writer =>
            {
                QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 256, 128);
                writer.WriteBlock(StorageSamples.Layer("w", [64, 256], format), StorageSamples.Block(format, 0, 64), 1, 0.99, 0.02);
                writer.WriteKept(StorageSamples.Kept("b", [64], ElementType.F16), 0, 1, StorageSamples.Bytes(128), 2);
            },
            new ArtefactWriterOptions { Sha256 = true }))];

        byte[] first = File.ReadAllBytes(Path.Combine(folder["a"], files[0].RelativePath));
        byte[] second = File.ReadAllBytes(Path.Combine(folder["b"], files[1].RelativePath));

        Assert.Equal(first, second);
        Assert.Equal(files[0], files[1]);
        Assert.Equal(first.Length, files[0].Bytes);
        Assert.Equal(ContentHash.Xxh128(first), files[0].Xxh128);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(first)), files[0].Sha256);
    }
}
