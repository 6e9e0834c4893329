using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Sources;

public sealed class DiffusersSourceTests
{
    private const string Index = """
        {"_class_name":"StableDiffusionPipeline","_diffusers_version":"0.30.0","requires_safety_checker":false,
        "feature_extractor":[null,null],"scheduler":["diffusers","DDIMScheduler"],"text_encoder":["transformers","CLIPTextModel"],
        "text_encoder_2":["transformers","CLIPTextModelWithProjection"],"tokenizer":["transformers","CLIPTokenizer"],
        "unet":["diffusers","UNet2DConditionModel"],"vae":["diffusers","AutoencoderKL"]}
        """;

    [Fact]
    public void Open_Folder_HasTheTensorsOfQuantizedComponents()
    {
        using ModelFiles files = WritePipeline();
        using IModelSource source = ModelSource.Open(files.Root);
        string[] names = ["text_encoder/t.weight", "text_encoder_2/t.weight", "unet/u.weight"];
        Assert.Equal(names, source.Tensors.Select(tensor => tensor.FullName));
        Assert.Equal("unet", source.Tensors[2].Component);
        Assert.Equal("u.weight", source.Tensors[2].Name);
        Assert.Equal(files.Root, source.Path);
        Assert.Equal("diffusers", source.Description.Format);
        Assert.Equal(Modality.Image, source.Description.Modality);
        Assert.Equal("model_index.json _class_name", source.Description.ModalityOrigin);
        Assert.True(source.Description.IsDiffusionModel);
        byte[] values = new byte[4];
        source.Read(source.Tensors[2], 4, values);
        Assert.Equal([4, 5, 6, 7], values);
        Assert.Throws<ArgumentException>(() => source.Read(source.Tensors[2] with { Component = "vae" }, 0, values));
    }

    [Fact]
    public void Open_ByIndexFile_IsTheSameModel()
    {
        using ModelFiles files = WritePipeline();
        using IModelSource source = ModelSource.Open(files.PathOf("model_index.json"));
        Assert.Equal(3, source.Tensors.Count);
    }

    [Fact]
    public void Open_Folder_KeepsEveryFileButQuantizedWeights()
    {
        using ModelFiles files = WritePipeline();
        using IModelSource source = ModelSource.Open(files.Root);
        string[] expected =
        [
            "LICENSE.md", "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json", "text_encoder_2/config.json",
            "tokenizer/merges.txt", "tokenizer/sub/vocab.json", "unet/config.json", "vae/config.json", "vae/diffusion_pytorch_model.bin",
            "vae/diffusion_pytorch_model.safetensors",
        ];
        Assert.Equal(expected, source.Description.Sidecars.Select(file => file.RelativePath).Order(StringComparer.Ordinal));
        Assert.All(source.Description.Sidecars, file => Assert.Equal(files.PathOf(file.RelativePath), file.SourcePath));
        Assert.Equal(["the folder 'extra' is not a component of model_index.json and is left out"], source.Description.Notes);
    }

    [Theory]
    [InlineData("vae", true)]
    [InlineData("v.e", true)]
    [InlineData("vae/.*", true)]
    [InlineData("vae/decoder\\..*", true)]
    [InlineData("va", false)]
    [InlineData("decoder", false)]
    [InlineData("vae/encoder.*", false)]
    public void Open_Include_MatchesWholeComponentOrTensor(string pattern, bool isIncluded)
    {
        using ModelFiles files = WritePipeline();
        using IModelSource source = ModelSource.Open(files.Root, new ModelSourceOptions { IncludeComponents = [pattern] });
        Assert.Equal(isIncluded, source.Tensors.Any(tensor => tensor.FullName == "vae/decoder.conv.weight"));
        int ofVae = source.Description.Sidecars.Count(file => file.RelativePath.StartsWith("vae/", StringComparison.Ordinal));
        Assert.Equal(isIncluded ? 1 : 3, ofVae);
    }

    [Fact]
    public void Open_IncludeIsNoExpression_IsAConfigurationError()
    {
        using ModelFiles files = WritePipeline();
        ConfigurationException e = Assert.Throws<ConfigurationException>(
            () => ModelSource.Open(files.Root, new ModelSourceOptions { IncludeComponents = ["(", "vae", "["] }));
        Assert.Equal(2, e.Errors.Count);
        Assert.StartsWith("include: '(' is not a regular expression: ", e.Errors[0]);
    }

    [Fact]
    public void Open_Variant_FallsBackPerComponentWithANote()
    {
        using ModelFiles files = WritePipeline();
        files.WriteWeights("unet/diffusion_pytorch_model.fp16.safetensors", "half.weight");
        using IModelSource source = ModelSource.Open(files.Root, new ModelSourceOptions { Variant = "fp16" });
        string[] names = ["text_encoder/t.weight", "text_encoder_2/t.weight", "unet/half.weight"];
        Assert.Equal(names, source.Tensors.Select(tensor => tensor.FullName));
        Assert.Contains("component 'text_encoder' has no variant 'fp16'; its plain weights are taken", source.Description.Notes);
        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(
            () => ModelSource.Open(files.Root, new ModelSourceOptions { Variant = "bf16" }));
        Assert.Contains("no component has weights of variant 'bf16'", e.Message);
    }

    [Theory]
    [InlineData("unet")]
    [InlineData("scheduler")]
    public void Open_MissingComponent_IsNamed(string component)
    {
        using ModelFiles files = WritePipeline();
        Directory.Delete(files.PathOf(component), recursive: true);
        ModelNotFoundException e = Assert.Throws<ModelNotFoundException>(() => ModelSource.Open(files.Root));
        string path = files.PathOf(component);
        Assert.Equal($"{files.PathOf("model_index.json")}: the folder of component '{component}' is missing, expected {path}", e.Message);
        Assert.Equal(path, e.FilePath);
    }

    [Theory]
    [InlineData("""{"unet":["diffusers","x"],"unet":["diffusers","x"]}""", "not valid JSON: Duplicate property 'unet'")]
    [InlineData("""{"_class_name":"X"}""", "names no component")]
    [InlineData("""{"../unet":["diffusers","x"]}""", "expected a plain name")]
    [InlineData("""{"..":["diffusers","x"]}""", "names the file '..', expected a plain relative name")]
    [InlineData("""[]""", "found an array, expected a JSON object")]
    [InlineData("""{"unet":""", "not valid JSON at line 1, byte")]
    public void Open_BadIndex_IsOneClearLine(string index, string part)
    {
        using ModelFiles files = WritePipeline();
        string path = files.Write("model_index.json", index);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.StartsWith(path, e.Message);
        Assert.Contains(part, e.Message);
        Assert.Equal(path, e.FilePath);
    }

    [Fact]
    public void Open_KeptFileIsALinkOutOfTheFolder_IsRefused()
    {
        using ModelFiles outside = new();
        using ModelFiles files = WritePipeline();
        File.CreateSymbolicLink(files.PathOf("tokenizer/secret"), outside.Write("secret", "s"));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Contains("'tokenizer/secret' is a link to ", e.Message);
    }

    [Fact]
    public void Open_ComponentIsALinkOutOfTheFolder_IsRefused()
    {
        using ModelFiles outside = new();
        using ModelFiles files = WritePipeline();
        outside.Write("scheduler/scheduler_config.json");
        Directory.Delete(files.PathOf("scheduler"), recursive: true);
        Directory.CreateSymbolicLink(files.PathOf("scheduler"), outside.PathOf("scheduler"));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Contains("'scheduler' is a link to ", e.Message);
    }

    [Fact]
    public void Open_QuantizedComponentOfPickles_IsRefused()
    {
        using ModelFiles files = WritePipeline();
        File.Move(files.PathOf("unet/diffusion_pytorch_model.safetensors"), files.PathOf("unet/diffusion_pytorch_model.bin"));
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.Equal(files.PathOf("unet/diffusion_pytorch_model.bin"), e.FilePath);
        Assert.Contains("can run code", e.Message);
    }

    [Theory]
    [InlineData("unet", true)]
    [InlineData("unet_2", true)]
    [InlineData("transformer", true)]
    [InlineData("transformer_2", true)]
    [InlineData("text_encoder", true)]
    [InlineData("text_encoder_3", true)]
    [InlineData("vae", false)]
    [InlineData("safety_checker", false)]
    [InlineData("image_encoder", false)]
    [InlineData("tokenizer_2", false)]
    public void IsQuantizedByDefault_Component_FollowsItsName(string component, bool expected) =>
        Assert.Equal(expected, DiffusersIndex.IsQuantizedByDefault(component));

    [Theory]
    [InlineData("unet/conv.weight", "conv.weight")]
    [InlineData("conv.weight", "conv.weight")]
    [InlineData("vae/conv.weight", "vae/conv.weight")]
    public void PlainName_NameOfAnArtefact_LosesItsComponent(string name, string expected)
    {
        using ModelFiles files = new();
        using IModelSource source = ModelSource.Open(files.WriteWeights("model.safetensors"));
        Assert.Equal(expected, new DiffusersComponent("unet", source, IsVariant: false, []).PlainName(name));
    }

    private static ModelFiles WritePipeline()
    {
        ModelFiles files = new();
        files.Write("model_index.json", Index);
        files.Write("LICENSE.md", "free");
        files.Write("README.md", "text");
        files.Write("scheduler/scheduler_config.json");
        files.Write("text_encoder/config.json", """{"architectures":["CLIPTextModel"]}""");
        files.WriteWeights("text_encoder/model.safetensors", "t.weight");
        files.Write("text_encoder_2/config.json");
        files.Write("text_encoder_2/model.safetensors.index.json", """{"weight_map":{"t.weight":"model-00001-of-00001.safetensors"}}""");
        files.WriteWeights("text_encoder_2/model-00001-of-00001.safetensors", "t.weight");
        files.Write("tokenizer/merges.txt");
        files.Write("tokenizer/sub/vocab.json");
        files.Write("unet/config.json", """{"_class_name":"UNet2DConditionModel"}""");
        files.Write("unet/diffusion_pytorch_model.safetensors", new SafeTensorsBuilder().Add("u.weight", ElementType.F16, 2, 2).Build());
        files.Write("vae/config.json");
        files.WriteWeights("vae/diffusion_pytorch_model.safetensors", "decoder.conv.weight");
        files.Write("vae/diffusion_pytorch_model.bin", [1]);
        files.Write("extra/file.txt");
        return files;
    }
}
