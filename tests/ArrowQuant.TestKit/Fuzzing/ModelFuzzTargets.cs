using System.Text;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit.Parquet;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Readers of models that are not artefacts: every form that <see cref="ModelSource"/> opens.</summary>
internal static class ModelFuzzTargets
{
    private const int BytesOfTensor = 4096;
    private const string Shard = "model-00001-of-00002.safetensors";
    private const string OtherShard = "model-00002-of-00002.safetensors";

    private static readonly string[] PipelineIndexes =
    [
        """
        {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0",
         "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
         "safety_checker": [null, null], "unet": ["diffusers", "UNet2DConditionModel"], "requires_safety_checker": false}
        """,
    ];

    /// <summary>One safetensors file: many types, companion scales, metadata.</summary>
    public static FuzzTarget SafeTensors()
    {
        TempFolder folder = new();
        RawTensor[] tensors =
        [
            RawTensor.FromFloats("a.weight", "F16", [3, 5], Values(15)),
            RawTensor.FromFloats("b", "F32", [], Values(1)),
            RawTensor.FromFloats("c.weight", "F8_E4M3", [4, 4], Values(16)),
            RawTensor.FromFloats("c.weight_scale", "F32", [4], Values(4)),
            RawTensor.FromFloats("d.weight", "BF16", [2, 2, 2], Values(8)),
            new("e", "I64", [0, 3], []),
            new("f", "BOOL", [3], [1, 0, 1]),
        ];
        FuzzSeed[] seeds =
        [
            FuzzSeed.SafeTensors(FileOf(folder, tensors, new() { ["format"] = "pt", ["modality"] = "image" })),
            FuzzSeed.SafeTensors(FileOf(folder, tensors[..2], null)),
        ];
        return new("safetensors", folder, "model.safetensors", seeds, ReadModel);
    }

    /// <summary>An ONNX file with weights in every place where they may be, and a graph in a node.</summary>
    public static FuzzTarget Onnx()
    {
        TempFolder folder = new();
        File.WriteAllBytes(folder.PathOf("weights.bin"), new byte[256]);
        return new("onnx", folder, "model.onnx", [new FuzzSeed([OnnxModels.Small("weights.bin")], parts => parts[0])], ReadModel);
    }

    /// <summary>The index of a sharded model.</summary>
    public static FuzzTarget SafeTensorsIndex()
    {
        TempFolder folder = new();
        WeightFileWriter.Write(folder.PathOf(Shard), [RawTensor.FromFloats("a.weight", "F32", [2, 3], Values(6))]);
        WeightFileWriter.Write(folder.PathOf(OtherShard), [RawTensor.FromFloats("b.weight", "F16", [4], Values(4))]);
        string index = "{\"metadata\": {\"total_size\": 32}, \"weight_map\": {"
            + $"\"a.weight\": \"{Shard}\", \"b.weight\": \"{OtherShard}\"}}}}";
        return new("safetensors-index", folder, "model.safetensors.index.json", [Text(index)], path => ReadModel(FolderOf(path)));
    }

    /// <summary>model_index.json of a pipeline.</summary>
    public static FuzzTarget DiffusersIndex()
    {
        TempFolder folder = new();
        foreach (string component in new[] { "unet", "text_encoder", "scheduler" }) folder.CreateFolder(component);
        RawTensor tensor = RawTensor.FromFloats("a.weight", "F32", [2, 3], Values(6));
        WeightFileWriter.Write(folder.PathOf("unet", "diffusion_pytorch_model.safetensors"), [tensor]);
        WeightFileWriter.Write(folder.PathOf("text_encoder", "model.safetensors"), [tensor]);
        File.WriteAllText(folder.PathOf("scheduler", "scheduler_config.json"), "{}");
        return new(
            "diffusers-index", folder, "model_index.json", [.. PipelineIndexes.Select(Text)], path => ReadModel(FolderOf(path)));
    }

    /// <summary>config.json beside a model.</summary>
    public static FuzzTarget ConfigJson() => BesideModel(
        "config-json",
        "config.json",
        """{"architectures": ["LLaDAModelLM"], "model_type": "llada", "n_layers": 12, "mask": null, "ratio": 1.5e-3}""",
        """
        {"_class_name": "UNet2DModel", "sample_size": [32, 32],
         "quantization_config": {"quant_method": "gptq", "bits": 4, "nested": {"a": [1, true, "\u00e9"]}}}
        """);

    /// <summary>metadata.json beside a model.</summary>
    public static FuzzTarget MetadataJson() => BesideModel(
        "metadata-json",
        "metadata.json",
        """{"modality": "image", "model_type": "diffusion", "num_timesteps": 1000}""",
        """{"format": "other", "format_version": "1.0", "modality": "audio", "shards": 3}""");

    /// <summary>The four older Parquet layouts in one file.</summary>
    public static FuzzTarget OldParquet()
    {
        TempFolder folder = new();
        float[] values = Values(24);
        string python = folder.PathOf("python");
        OldParquetFixtures.WriteV1(
            python, [OldRows.Raw("a", [4, 6], values), OldRows.RawHalf("b", [24], values, "float16")], rowsPerGroup: 1);
        List<FuzzSeed> seeds = [Take(python)];
        OldRow[] rows =
        [
            OldRows.PythonInt8("a", [4, 6], values, 0, 4),
            OldRows.PythonInt2("b", [24], values, -1),
            OldRows.RawHalf("c", [24], values, "float16", "fp16"),
        ];
        OldParquetFixtures.WriteV2Python(python, rows);
        seeds.Add(Take(python));
        seeds.Add(Take(OldParquetFixtures.WriteV2Rust(folder.FullName, OldRows.RustSpatial("w", [4, 6], values, 4, 2))));
        seeds.Add(Take(OldParquetFixtures.WriteV2Extended(folder.FullName, OldRows.RustTimeAware("w", [4, 6], values, 8, 3))));
        seeds.Add(Take(OldParquetFixtures.WriteV2Extended(folder.FullName, OldRows.Raw("w", [4, 6], values))));
        return new("old-parquet", folder, "model.parquet", seeds, ReadModel);
    }

    /// <summary>Opens a model and reads the begin and the end of every tensor.</summary>
    public static void ReadModel(string path)
    {
        using IModelSource source = ModelSource.Open(path);
        byte[] bytes = new byte[BytesOfTensor];
        foreach (TensorInfo tensor in source.Tensors)
        {
            int count = (int)Math.Min(tensor.ByteLength, BytesOfTensor);
            source.Read(tensor, 0, bytes.AsSpan(0, count));
            source.Read(tensor, tensor.ByteLength - count, bytes.AsSpan(0, count));
        }
    }

    /// <summary>A Parquet file as a seed; the file is removed.</summary>
    public static FuzzSeed Take(string path)
    {
        FuzzSeed seed = FuzzSeed.Parquet(File.ReadAllBytes(path));
        File.Delete(path);
        return seed;
    }

    /// <summary>Gaussian values.</summary>
    public static float[] Values(int count) => SyntheticModels.Values(WeightDistribution.Gaussian, count, 1);

    private static FuzzTarget BesideModel(string name, string file, params string[] texts)
    {
        TempFolder folder = new();
        WeightFileWriter.Write(folder.PathOf("model.safetensors"), [RawTensor.FromFloats("a.weight", "F32", [2, 3], Values(6))]);
        return new(name, folder, file, [.. texts.Select(Text)], path => ReadModel(FolderOf(path)));
    }

    private static byte[] FileOf(TempFolder folder, RawTensor[] tensors, Dictionary<string, string>? metadata)
    {
        string path = folder.PathOf("model.safetensors");
        WeightFileWriter.Write(path, tensors, metadata);
        return File.ReadAllBytes(path);
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path)!;

    private static FuzzSeed Text(string text) => FuzzSeed.Whole(Encoding.UTF8.GetBytes(text));
}
