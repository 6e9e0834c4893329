using System.Text.Json;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class ModelVariantsTests
{
    private static readonly string Source = RepositoryPaths.Sample("diffwave-spoken-digits");

    [Theory]
    [InlineData("F16", 0.0005)]
    [InlineData("BF16", 0.004)]
    public void WriteAs_HalfTypes_CastsEveryTensor(string type, double relative)
    {
        using TempFolder folder = new();
        string target = type == "F16" ? ModelVariants.WriteF16(Source, folder.PathOf("out"))
            : ModelVariants.WriteBf16(Source, folder.PathOf("out"));
        (Dictionary<string, string> metadata, List<RawTensor> tensors) = WeightFile.ReadRaw(Path.Combine(target, "model.safetensors"));
        Dictionary<string, (long[] Shape, float[] Values)> original = WeightFile.Read(Path.Combine(Source, "model.safetensors"));
        Assert.Equal("audio", metadata["modality"]);
        Assert.Equal(original.Count, tensors.Count);
        Assert.All(tensors, tensor =>
        {
            Assert.Equal(type, tensor.Type);
            Close.Equal(original[tensor.Name].Values, tensor.ToFloats(), relative, tensor.Name);
        });
        Assert.True(File.Exists(Path.Combine(target, "metadata.json")));
    }

    [Theory]
    [InlineData("F8_E4M3")]
    [InlineData("F8_E5M2")]
    public void WriteAs_Float8_CastsMatricesAlone(string type)
    {
        using TempFolder folder = new();
        string target = type == "F8_E4M3" ? ModelVariants.WriteF8E4M3(Source, folder.PathOf("out"))
            : ModelVariants.WriteF8E5M2(Source, folder.PathOf("out"));
        List<RawTensor> tensors = WeightFile.ReadRaw(Path.Combine(target, "model.safetensors")).Tensors;
        Assert.All(tensors, tensor => Assert.Equal(tensor.Shape.Length >= 2 ? type : "F32", tensor.Type));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(71)]
    public void WriteSharded_AnyCount_SpreadsEveryTensorOnce(int shards)
    {
        using TempFolder folder = new();
        string target = ModelVariants.WriteSharded(Source, folder.PathOf("out"), shards);
        List<RawTensor> original = WeightFile.ReadRaw(Path.Combine(Source, "model.safetensors")).Tensors;
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(target, "model.safetensors.index.json")));
        Assert.Equal(original.Sum(tensor => tensor.Data.Length),
            index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        Assert.Equal(shards, Directory.GetFiles(target, "model-*.safetensors").Length);
        Dictionary<string, RawTensor> read = [];
        foreach (string file in Directory.GetFiles(target, "model-*.safetensors"))
        {
            foreach (RawTensor tensor in WeightFile.ReadRaw(file).Tensors)
            {
                Assert.Equal(Path.GetFileName(file), index.RootElement.GetProperty("weight_map").GetProperty(tensor.Name).GetString());
                read.Add(tensor.Name, tensor);
            }
        }

        Assert.Equal(original.Count, read.Count);
        Assert.All(original, tensor => Assert.Equal(tensor.Data, read[tensor.Name].Data));
    }

    [Fact]
    public void WriteSharded_MoreShardsThanTensors_IsRefused()
    {
        using TempFolder folder = new();
        ArgumentOutOfRangeException error =
            Assert.Throws<ArgumentOutOfRangeException>(() => ModelVariants.WriteSharded(Source, folder.PathOf("out"), 1000));
        Assert.Equal("shards", error.ParamName);
    }
}
