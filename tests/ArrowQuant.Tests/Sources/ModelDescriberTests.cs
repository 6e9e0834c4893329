using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Sources;

public sealed class ModelDescriberTests
{
    [Theory]
    [InlineData("""{"modality":"audio"}""", """{"architectures":["DiT"]}""", "text", Modality.Audio, "metadata.json modality")]
    [InlineData("""{"modality":"Code"}""", null, null, Modality.Code, "metadata.json modality")]
    [InlineData("""{"name":"x"}""", """{"architectures":["LLaDAModelLM"],"model_type":"dit"}""", null, Modality.Text,
        "config.json architectures")]
    [InlineData(null, """{"architectures":["Nothing"],"model_type":"dit"}""", "text", Modality.Image, "config.json model_type")]
    [InlineData(null, """{"_class_name":"FluxTransformer2DModel"}""", null, Modality.Image, "config.json _class_name")]
    [InlineData(null, """{"architectures":["Nothing"]}""", "audio", Modality.Audio, "__metadata__ modality")]
    [InlineData(null, null, "image", Modality.Image, "__metadata__ modality")]
    [InlineData(null, null, null, null, null)]
    [InlineData("""{"modality":3}""", """{"architectures":7}""", null, null, null)]
    public void Open_Modality_IsTheFirstThatTells(string? metadata, string? config, string? inFile, Modality? expected, string? origin)
    {
        using ModelFiles files = new();
        if (metadata is not null) files.Write("metadata.json", metadata);
        if (config is not null) files.Write("config.json", config);
        SafeTensorsBuilder builder = new SafeTensorsBuilder().Add("w", ElementType.F32, 1);
        if (inFile is not null) builder.Metadata("modality", inFile);
        files.Write("model.safetensors", builder.Build());
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal(expected, source.Description.Modality);
        Assert.Equal(origin, source.Description.ModalityOrigin);
    }

    [Fact]
    public void Open_ModalityThatIsNotMade_IsUnknownWithANote()
    {
        using ModelFiles files = new();
        files.WriteWeights("model.safetensors");
        files.Write("metadata.json", """{"modality":"video"}""");
        files.Write("config.json", """{"architectures":["DiT"]}""");
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Null(source.Description.Modality);
        Assert.Equal(["metadata.json says modality 'video', known are text, code, image, audio"], source.Description.Notes);
    }

    [Fact]
    public void Open_ModelSpecArchitecture_TellsTheModality()
    {
        using ModelFiles files = new();
        string path = files.Write(
            "sd.safetensors",
            new SafeTensorsBuilder().Metadata("modelspec.architecture", "stable-diffusion-xl-v1-base").Add("w", ElementType.F32, 1)
                .Build());
        using IModelSource source = ModelSource.Open(path);
        Assert.Equal(
            (Modality.Image, "__metadata__ modelspec.architecture"), (source.Description.Modality, source.Description.ModalityOrigin));
        Assert.True(source.Description.IsDiffusionModel);
    }

    [Theory]
    [InlineData("""{"model_type":"diffusion"}""", """{"model_type":"gpt2"}""", "gpt2", true)]
    [InlineData("""{"model_type":"diffusion"}""", null, "diffusion", true)]
    [InlineData(null, """{"architectures":["LLaDAModelLM"],"model_type":"llada"}""", "llada", true)]
    [InlineData(null, """{"architectures":["BertModel"],"model_type":"bert"}""", "bert", false)]
    [InlineData(null, null, null, false)]
    public void Open_ModelType_PrefersTheArchitecture(string? metadata, string? config, string? type, bool isDiffusion)
    {
        using ModelFiles files = new();
        files.WriteWeights("model.safetensors");
        if (metadata is not null) files.Write("metadata.json", metadata);
        if (config is not null) files.Write("config.json", config);
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal((type, isDiffusion), (source.Description.ModelType, source.Description.IsDiffusionModel));
    }

    [Theory]
    [InlineData("metadata.json", "{\"modality\":\n \"text\",,}", "not valid JSON at line 2, byte 9")]
    [InlineData("config.json", "{", "not valid JSON at line 1, byte 2")]
    [InlineData("config.json", "", "not valid JSON at line 1, byte 1")]
    [InlineData("config.json", "[1]", "found an array, expected a JSON object")]
    [InlineData("config.json", """{"a":1,"a":2}""", "not valid JSON")]
    public void Open_UnparsableDescription_NamesFileAndPlace(string name, string content, string part)
    {
        using ModelFiles files = new();
        files.WriteWeights("model.safetensors");
        string path = files.Write(name, content);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => ModelSource.Open(files.Root));
        Assert.StartsWith($"{path}: {part}", e.Message);
        Assert.Equal(path, e.FilePath);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Open_ConfigWithByteOrderMark_IsRead()
    {
        using ModelFiles files = new();
        files.WriteWeights("model.safetensors");
        files.Write("config.json", "\uFEFF{\"model_type\":\"dit\"}");
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal("dit", source.Description.ModelType);
    }

    [Fact]
    public void Open_Folder_ListsSidecarsAndCalibration()
    {
        using ModelFiles files = new();
        string[] sidecars =
        [
            "LICENSE", "NOTICE.txt", "added_tokens.json", "chat_template.jinja", "config.json", "generation_config.json", "merges.txt",
            "preprocessor_config.json", "special_tokens_map.json", "spiece.model", "tokenizer.json", "tokenizer_config.json", "vocab.json",
        ];
        string[] others =
        [
            "README.md", "metadata.json", "metrics.json", "calibration_stats.json", "calibration_channel_stats.safetensors",
            "reference.safetensors",
            "pytorch_model.bin", "model.onnx", "eval/heldout.safetensors", "tokenizer/x.json",
        ];
        foreach (string name in sidecars.Concat(others)) files.Write(name);
        string[] calibration = ["calibration.jsonl", "calibration.parquet", "calibration.safetensors"];
        foreach (string name in calibration) files.Write(name);
        files.WriteWeights("model.safetensors");
        using IModelSource source = ModelSource.Open(files.Root);
        Assert.Equal(sidecars, source.Description.Sidecars.Select(file => file.RelativePath));
        Assert.All(source.Description.Sidecars, file => Assert.Equal(files.PathOf(file.RelativePath), file.SourcePath));
        Assert.Equal(calibration.Select(files.PathOf), source.Description.CalibrationFiles);
    }

    [Fact]
    public void Open_SingleFile_SpeaksForItsFolderOnlyWhenItIsTheModel()
    {
        using ModelFiles files = new();
        files.Write("config.json", """{"model_type":"dit"}""");
        string model = files.WriteWeights("model.safetensors");
        string other = files.WriteWeights("other.safetensors");
        using IModelSource first = ModelSource.Open(model);
        using IModelSource second = ModelSource.Open(other);
        Assert.Equal((model, Modality.Image), (first.Path, first.Description.Modality));
        Assert.Equal("config.json", Assert.Single(first.Description.Sidecars).RelativePath);
        Assert.Null(second.Description.Modality);
        Assert.Empty(second.Description.Sidecars);
    }
}
