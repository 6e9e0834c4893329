using System.Text;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Sources;

public sealed class ModelSourceTests
{
    [Fact]
    public void Open_MissingPath_IsNotFound()
    {
        using ModelFiles files = new();
        string path = files.PathOf("nowhere");
        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => ModelSource.Open(path));
        Assert.Equal($"{path}: no such file or folder, expected a model", e.Message);
        Assert.Equal(path, e.FilePath);
    }

    [Theory]
    [InlineData("model.safetensors", "model.safetensors|diffusion_pytorch_model.safetensors|other.safetensors")]
    [InlineData("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors|other.safetensors|pytorch_model.bin")]
    [InlineData(
        "other.safetensors", "other.safetensors|calibration.safetensors|calibration_channel_stats.safetensors|reference.safetensors")]
    [InlineData("sd_xl_base_1.0.safetensors", "sd_xl_base_1.0.safetensors|model.ckpt|eval/classifier.safetensors")]
    [InlineData("model.safetensors", "model.safetensors|model.fp16.safetensors|calibration.parquet|model.onnx|bf16/model.safetensors")]
    [InlineData("foo.safetensors", "foo.safetensors|foo.fp16.safetensors")]
    public void Open_Folder_TakesTheModelOfTheRule(string expected, string names)
    {
        using ModelFiles files = new();
        foreach (string name in names.Split('|')) files.WriteWeights(name, name);
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal(expected, Assert.Single(source.Tensors).Name);
        Assert.Equal(files.PathOf(expected), source.Tensors[0].FilePath);
        Assert.Equal(files.Root, source.Path);
    }

    [Fact]
    public void Open_FolderWithIndexAndModel_TakesTheIndex()
    {
        using ModelFiles files = new();
        files.WriteWeights("model.safetensors", "m");
        files.WriteWeights("s1.safetensors", "a");
        files.Write("model.safetensors.index.json", """{"weight_map":{"a":"s1.safetensors"}}""");
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal("a", Assert.Single(source.Tensors).Name);
    }

    [Fact]
    public void FilesOf_FolderThatCannotBeListed_IsAResourceFailure()
    {
        using ModelFiles files = new();
        string path = files.PathOf("gone");
        ResourceException e = Assert.Throws<ResourceException>(() => ModelFile.FilesOf(path));
        Assert.StartsWith($"{path}: cannot be listed: ", e.Message);
        Assert.Equal(path, e.FilePath);
    }

    [Theory]
    [InlineData("a.safetensors|b.safetensors", "found a.safetensors, b.safetensors", "name the file that is the model")]
    [InlineData("a.safetensors|weights.parquet", "found a.safetensors, weights.parquet", "name the file")]
    [InlineData("x.safetensors.index.json|y.safetensors.index.json", "found x.safetensors.index.json, y.safetensors.index.json",
        "name the index")]
    [InlineData(
        "model-00001-of-00002.safetensors|model-00002-of-00002.safetensors", "found model-00001-of-00002.safetensors", "index.json")]
    public void Open_AmbiguousFolder_ListsTheCandidates(string names, string list, string advice)
    {
        using ModelFiles files = new();
        foreach (string name in names.Split('|')) files.WriteWeights(name);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.StartsWith($"{files.Root}: the folder is ambiguous, ", e.Message);
        Assert.Contains(list, e.Message);
        Assert.Contains(advice, e.Message);
    }

    [Theory]
    [InlineData("readme.md|calibration.safetensors|reference.safetensors")]
    [InlineData("config.json")]
    public void Open_FolderWithoutModel_SaysWhatWasLookedFor(string names)
    {
        using ModelFiles files = new();
        foreach (string name in names.Split('|')) files.Write(name);
        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => ModelSource.Open(files.Root));
        Assert.Contains("no model found, looked for model_index.json, *.safetensors.index.json, model.safetensors", e.Message);
        Assert.Equal(files.Root, e.FilePath);
    }

    [Theory]
    [InlineData("pytorch_model.bin", "torch zip")]
    [InlineData("model.pt", "pickle")]
    [InlineData("model.pth", "pickle")]
    [InlineData("model.ckpt", "torch zip")]
    [InlineData("model.pkl", "nothing")]
    [InlineData("model.safetensors", "torch zip")]
    [InlineData("model.safetensors", "pickle")]
    [InlineData("model.dat", "pickle")]
    public void Open_Pickle_SaysWhyAndWhatToDo(string name, string content)
    {
        using ModelFiles files = new();
        string path = files.Write(name, content switch
        {
            "torch zip" => [.. "PK\u0003\u0004\0\0\u0008\u0008\0\0\0\0\0\0\0\0data.pkl"u8],
            "pickle" => [0x80, 4, 0x95, 26, 0, 0, 0, 0, 0, 0, 0, 0x8c, 8, 1, 2, 3, 4],
            _ => [1, 2, 3],
        });
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));
        Assert.StartsWith($"{path}: a PyTorch pickle file is refused because loading a pickle can run code", e.Message);
        Assert.Contains("save_file", e.Message);
        Assert.Equal(path, e.FilePath);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Open_FolderOfPickles_IsRefusedAsPickle()
    {
        using ModelFiles files = new();
        files.Write("config.json");
        string path = files.Write("pytorch_model.bin", [0x80, 2]);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Equal(path, e.FilePath);
        Assert.Contains("can run code", e.Message);
    }

    [Theory]
    [InlineData("model.gguf", "GGUF", "GGUF")]
    [InlineData("model.safetensors", "GGUF----------", "GGUF")]
    [InlineData("model.h5", "x", "HDF5")]
    [InlineData("weights.npz", "PK\u0003\u0004xxxxxxxx", "NumPy")]
    [InlineData("flax_model.msgpack", "x", "Flax msgpack")]
    public void Open_OtherFormat_IsNamedAndRefused(string name, string content, string format)
    {
        using ModelFiles files = new();
        string path = files.Write(name, Encoding.Latin1.GetBytes(content));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));
        Assert.StartsWith($"{path}: {format} files are not read, expected safetensors, Parquet or ONNX", e.Message);
    }

    [Fact]
    public void Open_FolderOfOtherFormats_NamesThem()
    {
        using ModelFiles files = new();
        files.Write("model.gguf");
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Contains("found model.gguf, which are not read, expected safetensors, Parquet or ONNX", e.Message);
    }

    [Fact]
    public void Open_UnknownFile_ShowsItsFirstBytes()
    {
        using ModelFiles files = new();
        string path = files.Write("notes.txt", "hello model");
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));
        Assert.Equal($"{path}: not a model file (first bytes 68656c6c6f206d6f), expected safetensors, Parquet or ONNX", e.Message);
    }

    [Fact]
    public void Open_ConfigFile_SaysWhatAModelIs()
    {
        using ModelFiles files = new();
        string path = files.Write("config.json");
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));
        Assert.Contains("a JSON file is not a model", e.Message);
    }

    [Theory]
    [InlineData("weights.ckpt")]
    [InlineData("weights")]
    public void Open_SafeTensorsUnderAnotherName_IsReadByItsContent(string name)
    {
        using ModelFiles files = new();
        using IModelSource source = ModelSource.Open(files.WriteWeights(name));
        Assert.Equal("w.weight", Assert.Single(source.Tensors).Name);
    }

    [Fact]
    public void Open_TruncatedFileWhoseLengthLooksLikeAPickle_IsCalledTruncated()
    {
        using ModelFiles files = new();
        byte[] file = SafeTensorsBuilder.Raw("{" + new string(' ', 639), 0);
        Assert.Equal([0x80, 0x02], file[..2]);
        string path = files.Write("model.safetensors", file[..100]);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(path));
        Assert.Contains("truncated", e.Message);
    }

    [Fact]
    public void Open_OneShard_NotesThatItIsAPart()
    {
        using ModelFiles files = new();
        using IModelSource source = ModelSource.Open(files.WriteWeights("model-00001-of-00002.safetensors"));
        Assert.Contains("one shard of a larger model", Assert.Single(source.Description.Notes));
    }

    [Theory]
    [InlineData("model.safetensors|model.fp16.safetensors", "model.fp16.safetensors")]
    [InlineData("diffusion_pytorch_model.safetensors|diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.fp16.safetensors")]
    [InlineData("foo.safetensors|foo.fp16.safetensors", "foo.fp16.safetensors")]
    public void Open_Variant_TakesItsFileOnlyWhenAsked(string names, string expected)
    {
        using ModelFiles files = new();
        foreach (string name in names.Split('|')) files.WriteWeights(name, name);
        using (IModelSource plain = ModelSource.Open(files.Root))
        {
            Assert.Equal(names.Split('|')[0], Assert.Single(plain.Tensors).Name);
            Assert.Contains(expected, Assert.Single(plain.Description.Notes));
        }

        using IModelSource variant = ModelSource.Open(files.Root, new ModelSourceOptions { Variant = "fp16" });
        Assert.Equal(expected, Assert.Single(variant.Tensors).Name);
    }

    [Theory]
    [InlineData("model.safetensors.index.fp16.json", "model.fp16-00001-of-00001.safetensors")]
    [InlineData("model.fp16.safetensors.index.json", "model-00001-of-00001.fp16.safetensors")]
    public void Open_ShardedVariant_TakesItsIndex(string index, string shard)
    {
        using ModelFiles files = new();
        files.WriteWeights("model.safetensors", "plain");
        files.WriteWeights(shard, "half");
        files.Write(index, $$$"""{"weight_map":{"half":"{{{shard}}}"}}""");
        using (IModelSource plain = ModelSource.Open(files.Root)) Assert.Equal("plain", Assert.Single(plain.Tensors).Name);
        using IModelSource variant = ModelSource.Open(files.Root, new ModelSourceOptions { Variant = "fp16" });
        Assert.Equal("half", Assert.Single(variant.Tensors).Name);
    }

    [Fact]
    public void Open_OnlyVariants_SaysWhichThereAre()
    {
        using ModelFiles files = new();
        files.WriteWeights("model.fp16.safetensors");
        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => ModelSource.Open(files.Root));
        Assert.Equal($"{files.Root}: the plain weights not found, there are the variants fp16 (--variant)", e.Message);
        e = Assert.Throws<ModelNotFoundException>(() => ModelSource.Open(files.Root, new ModelSourceOptions { Variant = "bf16" }));
        Assert.Equal($"{files.Root}: variant 'bf16' of the weights not found, there are the variants fp16 (--variant)", e.Message);
    }

    [Theory]
    [InlineData("weights.parquet")]
    [InlineData("model-00001-of-00002.parquet|model-00002-of-00002.parquet|config.json")]
    [InlineData("a_weight.parquet|a_weight.bin|b_weight.parquet|b_weight.bin|metadata.json")]
    public void Locate_ParquetFolder_IsTheFolder(string names)
    {
        using ModelFiles files = new();
        foreach (string name in names.Split('|')) files.Write(name);
        WeightLocation location = WeightLocator.Locate(files.Root, null);
        Assert.Equal((WeightKind.Parquet, files.Root), (location.Kind, location.Path));
    }

    [Fact]
    public void KindOf_ParquetUnderAnotherName_IsParquet()
    {
        using ModelFiles files = new();
        Assert.Equal(WeightKind.Parquet, ForeignFormats.KindOf(files.Write("weights.dat", "PAR1....PAR1")));
        Assert.Equal(WeightKind.Parquet, ForeignFormats.KindOf(files.Write("cut.parquet", "")));
    }
}
