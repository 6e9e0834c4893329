using ArrowQuant.Exports;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;

namespace ArrowQuant.Tests.Cli;

/// <summary>Documents with plausible figures.</summary>
internal static class SampleDocuments
{
    public static readonly IReadOnlyList<QuantizationAttempt> Attempts =
    [
        new()
        {
            BitWidth = 2,
            MinAccuracy = 0.99,
            CosineSimilarity = 0.9431,
            Passed = false,
            LayersMeasured = 9,
            BestReachable = 0.9874,
            DurationS = 0.41,
            FailureReason = "0.9431 after 9 of 34 layers; at most 0.9874 was still reachable",
        },
        new()
        {
            BitWidth = 4,
            MinAccuracy = 0.85,
            CosineSimilarity = 0.99531,
            Passed = true,
            LayersMeasured = 34,
            BestReachable = 0.99531,
            DurationS = 1.3,
        },
    ];

    public static readonly FallbackReport Fallback = new(
        [
            Event("time_aware", "base", "no_calibration_data", "no calibration data", "blocks.0.attn.qkv.weight"),
            Event("time_aware", "base", "no_calibration_data", "no calibration data", "blocks.1.attn.qkv.weight"),
            new()
            {
                Kind = "bit_width",
                From = "int2",
                To = "int4",
                Cause = "below_threshold",
                Message = "0.9431 is below 0.99",
                BitWidth = 2,
            },
        ],
        new Dictionary<string, FallbackRate> { ["time_aware"] = new(2, 2), ["int2_to_int4"] = new(1, 1) });

    public static readonly QuantizationResult Result = new()
    {
        SchemaVersion = 1,
        ToolVersion = "0.1.0",
        ModelPath = "models/llada",
        QuantizedPath = "out/llada-int4",
        Modality = "text",
        Strategy = new("r2q", TimeAware: true, Spatial: false),
        RequestedBitWidth = 2,
        BitWidth = 4,
        AccuracyMetric = "weight",
        MinAccuracy = 0.85,
        CosineSimilarity = 0.99531,
        WeightCosineSimilarity = 0.99531,
        WorstLayer = new("blocks.3.mlp.fc2.weight", 0.99124),
        Nmse = 0.0094,
        SqnrDb = 20.3,
        CompressionRatio = 7.36,
        ModelSizeBytes = 13_002_341,
        BitsPerWeight = 4.29,
        QuantizationTimeS = 1.92,
        LayersByBitWidth = new Dictionary<string, int> { ["4"] = 2 },
        Attempts = Attempts,
        Fallback = Fallback,
        Layers = [Layer("blocks.0.attn.qkv.weight"), Layer("blocks.1.attn.qkv.weight")],
        Kept =
        [
            new("wte.weight", [258, 384], "F32", "sensitive"),
            new("ln_f.weight", [384], "F32", "vector"),
            new("ln_f.bias", [384], "F32", "vector"),
        ],
        Notes = ["modality text from config.json (LLaDAModelLM)"],
    };

    public static readonly QuantizationPlan Plan = new()
    {
        ModelPath = "models/llada",
        Format = "safetensors",
        Modality = "text",
        Recipe = "strategy",
        Strategy = new("r2q", TimeAware: true, Spatial: false),
        BitWidth = 4,
        Layers = [new("blocks.0.attn.qkv.weight", [1152, 384], "F32", 4, "r2q", "time_aware", 1_769_472, 235_008)],
        Kept = [new("wte.weight", [258, 384], "F32", "sensitive")],
        SourceBytes = 2_165_760,
        PredictedBytes = 631_296,
    };

    public static readonly ModelInspection Inspection = new()
    {
        Path = "out/llada-int4",
        Format = "parquet_v2_extended",
        Modality = "text",
        ModelType = "llada",
        Tensors =
        [
            new("blocks.0.attn.qkv.weight", [1152, 384], "F32", 4, "affine", "base", 235_008, 0.9953, null),
            new("wte.weight", [258, 384], "F32", null, null, null, 396_288, null, null),
        ],
        TotalBytes = 631_296,
        BitsPerWeight = 4.25,
    };

    public static readonly ValidationReport Validation = new()
    {
        Passed = true,
        StructureOk = true,
        QualityOk = true,
        MinAccuracy = 0.85,
        MinAccuracyOrigin = "report.json",
        CosineSimilarity = 0.99531,
        LayersChecked = 2,
        Layers = [new("blocks.0.attn.qkv.weight", 4, 0.9953, 0.9953, 0.998), new("blocks.1.attn.qkv.weight", 4, 0.9949, 0.9949, 0.997)],
    };

    public static readonly ExportReport Export = new()
    {
        ToolVersion = "0.1.0",
        Format = "gguf",
        Files = [new("model.gguf", 4096, "0f5c1d0d3b8f4a5e9f2b6c7d8e9fa0b1")],
        TensorBytes = 3_000,
        ArtefactTensorBytes = 2_500,
        ExactTensors = 1,
        LargestRelativeError = 0.000123,
        Tensors =
        [
            new("blocks.0.attn.qkv.weight", [64, 64], true, "int4 affine", "Q4_1", false, 0.000123, 2560, 5, 4.25, "a note"),
            new("blocks.0.attn.qkv.bias", [64], false, "float32", "F32", true, 0, 256, 32, 32, null),
        ],
    };

    private static FallbackEvent Event(string from, string to, string cause, string message, string layer) =>
        new() { Kind = "enhancement", From = from, To = to, Cause = cause, Message = message, Layer = layer, BitWidth = 4 };

    private static LayerReport Layer(string name) => new()
    {
        Name = name,
        Shape = [1152, 384],
        SourceDtype = "F32",
        Method = "base",
        Enhancement = "none",
        Layout = "affine",
        BitWidth = 4,
        GroupSize = 128,
        CosineSimilarity = 0.9953,
        Nmse = 0.0094,
        Gain = 1,
        NormRatio = 0.998,
        MaxAbsError = 0.02,
        Bpw = 4.25,
        Bytes = 235_008,
        SourceXxh128 = new string('0', 32),
    };
}
