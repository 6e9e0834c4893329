using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Sources;

public sealed class SafeTensorsSourceTests
{
    [Fact]
    public void Read_Ranges_GiveTheBytesOfTheTensor()
    {
        using ModelFiles files = new();
        byte[] values = [.. Enumerable.Range(0, 24).Select(i => (byte)(100 + i))];
        byte[] file = new SafeTensorsBuilder().Add("first", ElementType.U8, 5).Add("w", ElementType.F32, [2, 3], values).Build();
        string path = files.Write("m.safetensors", file);
        using IModelSource source = ModelSource.Open(path);
        TensorInfo tensor = source.Tensors[1];
        Assert.Equal(("w", "[2, 3]", 24L, path), (tensor.Name, tensor.Shape.ToString(), tensor.ByteLength, tensor.FilePath));
        byte[] part = new byte[7];
        source.Read(tensor, 10, part);
        Assert.Equal(values[10..17], part);
        source.Read(tensor, 24, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(tensor, 18, new byte[7]));
        Assert.Throws<ArgumentOutOfRangeException>(() => source.Read(tensor, -1, new byte[1]));
        Assert.Throws<ArgumentException>(() => source.Read(tensor with { Name = "other" }, 0, part));
    }

    [Fact]
    public void Read_FromManyThreads_GivesTheSameBytes()
    {
        using ModelFiles files = new();
        SafeTensorsBuilder builder = new();
        for (int i = 0; i < 16; i++) builder.Add($"t{i}", ElementType.U8, [1000], [.. Enumerable.Repeat((byte)i, 1000)]);
        using IModelSource source = ModelSource.Open(files.Write("m.safetensors", builder.Build()));
        Parallel.For(0, 400, i =>
        {
            byte[] values = new byte[500];
            source.Read(source.Tensors[i % 16], 250, values);
            Assert.All(values, value => Assert.Equal(i % 16, value));
        });
    }

    [Fact]
    public void Read_FileCutAfterOpening_SaysThatItEnds()
    {
        using ModelFiles files = new();
        string path = files.WriteWeights("m.safetensors");
        long length = new FileInfo(path).Length;
        SafeTensorsFile opened = SafeTensorsFile.Open(path);
        SafeTensorsEntry entry = opened.Header.Entries[0];
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path);
        opened.Dispose();
        ModelFormatException e = Assert.Throws<ModelFormatException>(
            () => ModelFile.ReadExactly(handle, path, length - 10, new byte[24], entry.Name));
        Assert.Equal("w.weight", e.TensorName);
        Assert.Contains($"the file ends at byte {length}, expected 24 bytes from {length - 10}; it is truncated", e.Message);
    }

    [Fact]
    public void Open_Sharded_HasTheTensorsOfAllShardsInOrder()
    {
        using ModelFiles files = new();
        WriteShards(files);
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal(["a", "b", "c"], source.Tensors.Select(tensor => tensor.Name));
        Assert.Equal("sharded safetensors", source.Description.Format);
        byte[] values = new byte[8];
        source.Read(source.Tensors[2], 0, values);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], values);
        using IModelSource byIndex = ModelSource.Open(files.PathOf("model.safetensors.index.json"));
        Assert.Equal(source.Tensors, byIndex.Tensors);
    }

    [Theory]
    [InlineData("""{"a":"s1.safetensors","b":"s1.safetensors","c":"s3.safetensors"}""", null, "the shard 's3.safetensors' is missing")]
    [InlineData("""{"a":"s1.safetensors","b":"s1.safetensors"}""", null, null)]
    [InlineData("""{"a":"s1.safetensors","c":"s2.safetensors"}""", "b", "is not in the weight_map")]
    [InlineData("""{"a":"s1.safetensors","b":"s2.safetensors","c":"s2.safetensors"}""", "b", "is in the shard 's1.safetensors'")]
    [InlineData("""{"a":"s1.safetensors","b":"s1.safetensors","c":"s2.safetensors","d":"s2.safetensors"}""", "d",
        "the shard 's2.safetensors' does not hold it")]
    [InlineData("""{"a":"s1.safetensors","b":"s1.safetensors","c":"s1.safetensors"}""", "c", "the shard 's1.safetensors' does not hold it")]
    [InlineData("""{"a":"s1.safetensors","a":"s1.safetensors"}""", null, "not valid JSON")]
    [InlineData("""{"a":1}""", "a", "has a number, expected the name of a shard")]
    [InlineData("""{}""", null, "weight_map is empty")]
    [InlineData("""[]""", null, "weight_map is an array")]
    [InlineData("""{"a":"../s1.safetensors"}""", null, "names the file '../s1.safetensors', expected a plain relative name inside")]
    [InlineData("""{"a":"/etc/passwd"}""", null, "names the file '/etc/passwd'")]
    [InlineData("""{"a":"x/../../y"}""", null, "names the file 'x/../../y'")]
    [InlineData("""{"a":"..\\s1"}""", null, @"names the file '..\s1'")]
    [InlineData("""{"a":"C:s1"}""", null, "names the file 'C:s1'")]
    [InlineData("""{"a":""}""", null, "names the file ''")]
    [InlineData("""{"a":"x\u0000y"}""", null, @"names the file 'x\u0000y'")]
    public void Open_IndexLies_IsOneClearLine(string map, string? tensor, string? part)
    {
        using ModelFiles files = new();
        WriteShards(files);
        files.Write("model.safetensors.index.json", $$"""{"weight_map":{{map}}}""");
        if (part is null)
        {
            // A shard that the index does not name is not part of the model.
            using IModelSource source = ModelSource.Open(files.Root);
            Assert.Equal(["a", "b"], source.Tensors.Select(info => info.Name));
            return;
        }

        ArrowQuantException e = Assert.ThrowsAny<ArrowQuantException>(() => ModelSource.Open(files.Root));
        if (part.EndsWith("is missing", StringComparison.Ordinal)) Assert.IsType<ModelNotFoundException>(e);
        else Assert.IsType<ModelFormatException>(e);
        Assert.Contains(part, e.Message);
        Assert.Equal(tensor, e.TensorName);
        Assert.NotNull(e.FilePath);
    }

    [Fact]
    public void Open_TensorInTwoShards_NamesBoth()
    {
        using ModelFiles files = new();
        files.WriteWeights("s1.safetensors", "a");
        files.WriteWeights("s2.safetensors", "a");
        files.Write("model.safetensors.index.json", """{"weight_map":{"a":"s1.safetensors","b":"s2.safetensors"}}""");
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Equal(
            $"{files.PathOf("s2.safetensors")}: tensor 'a': is also in the shard 's1.safetensors', expected in one only", e.Message);
    }

    [Fact]
    public void Open_ShardIsALinkOutOfTheFolder_IsRefused()
    {
        using ModelFiles outside = new();
        using ModelFiles files = new();
        string target = outside.WriteWeights("s1.safetensors", "a");
        File.CreateSymbolicLink(files.PathOf("s1.safetensors"), target);
        files.Write("model.safetensors.index.json", """{"weight_map":{"a":"s1.safetensors"}}""");
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Contains("'s1.safetensors' is a link to ", e.Message);
        Assert.Contains($"expected a file inside {files.Root}", e.Message);
    }

    [Fact]
    public void Open_ShardsInADownloadCache_FollowsLinksToItsBlobs()
    {
        using ModelFiles files = new();
        files.WriteWeights("models--x/blobs/0123", "a");
        files.Write("models--x/snapshots/rev/model.safetensors.index.json", """{"weight_map":{"a":"s1.safetensors"}}""");
        File.CreateSymbolicLink(files.PathOf("models--x/snapshots/rev/s1.safetensors"), "../../blobs/0123");
        using IModelSource source = ModelSource.Open(files.PathOf("models--x/snapshots/rev"));
        Assert.Equal("a", Assert.Single(source.Tensors).Name);
    }

    [Fact]
    public void Open_LinksInACircle_IsRefused()
    {
        using ModelFiles files = new();
        File.CreateSymbolicLink(files.PathOf("s1.safetensors"), files.PathOf("s2.safetensors"));
        File.CreateSymbolicLink(files.PathOf("s2.safetensors"), files.PathOf("s1.safetensors"));
        files.Write("model.safetensors.index.json", """{"weight_map":{"a":"s1.safetensors"}}""");
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Contains("is a link to more than 40 links", e.Message);
    }

    private static void WriteShards(ModelFiles files)
    {
        files.Write("s1.safetensors", new SafeTensorsBuilder().Add("a", ElementType.F32, 1).Add("b", ElementType.F32, 1).Build());
        files.Write("s2.safetensors", new SafeTensorsBuilder().Add("c", ElementType.F16, 2, 2).Build());
        files.Write(
            "model.safetensors.index.json",
            """{"metadata":{"total_size":16},"weight_map":{"c":"s2.safetensors","a":"s1.safetensors","b":"s1.safetensors"}}""");
    }
}
