using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;
using Google.Protobuf;
using Onnx;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>ONNX files that lie, and exports that cannot be: exit code, one line that says what is wrong, and nothing left behind.</summary>
public sealed class BadOnnxTests : IDisposable
{
    private readonly BadInputFolder _folder = new();

    [Theory]
    [InlineData("truncated", "a length of", "bytes, ", "truncated, corrupt or not ONNX")]
    [InlineData("text", "expected a protobuf message")]
    [InlineData("empty", "has no graph")]
    [InlineData("twice", "initializer 'a.weight' is there twice")]
    [InlineData("negative", "a.weight", "[-8, 8]", "dimensions of 0 or more")]
    [InlineData("overflow", "a.weight", "more elements than 63 bits")]
    [InlineData("short", "a.weight", "has 200 bytes of external data, expected 256")]
    [InlineData("escape", "'../secret.bin'", "plain relative name inside")]
    [InlineData("rooted", "'/etc/hostname'", "plain relative name inside")]
    [InlineData("missing", "gone.bin", "no such file")]
    [InlineData("beyond", "a.weight", "bytes 999..1255", "which has 256")]
    [InlineData("offset", "a.weight", "offset '-1'", "expected a number")]
    public async Task Quantize_LyingFile_ExitsThreeAndSaysWhere(string lie, params string[] parts)
    {
        _folder.Write("weights.bin", new byte[256]);
        byte[] content = OnnxModels.Small("weights.bin");
        ModelProto model = ModelProto.Parser.ParseFrom(content);
        TensorProto tensor = model.Graph.Initializer.Single(initializer => initializer.Name == "a.weight");
        switch (lie)
        {
            case "truncated": content = content[..^50]; break;
            case "text": content = "this is no model"u8.ToArray(); break;
            case "empty": content = []; break;
            default:
                Change(lie, model, tensor);
                content = model.ToByteArray();
                break;
        }

        string path = _folder.Write("model.onnx", content);

        ToolRun run = await _folder.QuantizeAsync(path);

        _folder.AssertOneLine(run, 3, [_folder.Inputs, .. parts]);
    }

    [Fact]
    public async Task Quantize_LinkOutOfTheFolder_IsRefused()
    {
        string outside = Path.Combine(_folder.Inputs, "outside.bin");
        File.WriteAllBytes(outside, new byte[256]);
        string path = _folder.Write("model/model.onnx", OnnxModels.Small("weights.bin"));
        File.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(path)!, "weights.bin"), outside);

        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, "weights.bin", "is a link to");
    }

    [Theory]
    [InlineData("--calibrate-onnx", "noise", "--calibration", "x.safetensors", "--calibrate-onnx: records calibration data itself")]
    [InlineData("--calibration-output", "x.safetensors", "--threads", "1", "--calibration-output: is for --calibrate-onnx only")]
    [InlineData("--calibrate-onnx", "noise", "--calibration-output", "x.bin", "--calibration-output: x.bin is not valid")]
    public async Task Quantize_WrongUseOfTheOptions_ExitsTwo(string first, string value, string second, string other, string message)
    {
        string path = _folder.Write("model.onnx", OnnxModels.Small("weights.bin"));

        ToolRun run = await Tool.RunAsync(
            ["quantize", path, "-o", _folder.Output, "--modality", "image", first, value, second, other]);

        _folder.AssertOneLine(run, 2, message);
    }

    [Fact]
    public async Task Quantize_CalibrateOnnxOfAnotherModel_ExitsThree()
    {
        string model = RepositoryPaths.SampleFile("dit-digits", "model.safetensors");

        ToolRun run = await Tool.RunAsync(
            ["quantize", model, "-o", _folder.Output, "--modality", "image", "--calibrate-onnx", "noise"]);

        _folder.AssertOneLine(run, 3, "is safetensors, expected an ONNX model to run");
    }

    [Fact]
    public async Task Export_WithoutOrWithAnotherSource_SaysWhatIsWanted()
    {
        string path = _folder.Write("model.onnx", Gemm(1).ToByteArray());
        string other = _folder.Write("other.onnx", Gemm(2).ToByteArray());
        string artefact = Path.Combine(_folder.Inputs, "artefact");
        ToolRun made = await Tool.RunAsync(["quantize", path, "-o", artefact, "--modality", "image", "--quiet"]);
        Assert.Equal(0, made.ExitCode);

        _folder.AssertOneLine(await Export(), 2, "--source MODEL.onnx is missing");
        _folder.AssertOneLine(await Export("--source", other), 3, "a.weight", "has other values than the model");
        _folder.AssertOneLine(await Export("--source", path + "x"), 3, "no such file");
        _folder.AssertOneLine(await Export("--source", artefact), 3, "expected the ONNX model that was quantized");
        _folder.AssertOneLine(await Export("--source", path, "--dtype", "f16"), 2, "--dtype: is for --format safetensors only");
        Assert.Equal(0, (await Export("--source", path)).ExitCode);
        Assert.Equal(["export.json", "model.onnx"], Directory.GetFiles(_folder.Output).Select(Path.GetFileName).Order());

        Task<ToolRun> Export(params string[] more) =>
            Tool.RunAsync(["export", artefact, "--format", "onnx", "-o", _folder.Output, .. more]);
    }

    public void Dispose() => _folder.Dispose();

    private static ModelProto Gemm(int seed)
    {
        SeededRandom random = new((ulong)seed);
        ModelProto model = ModelProto.Parser.ParseFrom(OnnxModels.Small("weights.bin"));
        TensorProto weight = new() { Name = "a.weight", DataType = 1 };
        weight.Dims.AddRange([64, 64]);
        weight.FloatData.AddRange(Enumerable.Range(0, 4096).Select(_ => (float)random.NextGaussian()));
        TensorProto old = model.Graph.Initializer.Single(initializer => initializer.Name == "a.weight");
        model.Graph.Initializer[model.Graph.Initializer.IndexOf(old)] = weight;
        return model;
    }

    private static void Change(string lie, ModelProto model, TensorProto tensor)
    {
        string? Entry(string key, string value) => tensor.ExternalData.Single(entry => entry.Key == key).Value = value;
        _ = lie switch
        {
            "twice" => model.Graph.Initializer[2].Name = "a.weight",
            "negative" => $"{tensor.Dims[0] = -8}",
            "overflow" => $"{tensor.Dims[0] = tensor.Dims[1] = long.MaxValue}",
            "short" => Entry("length", "200"),
            "escape" => Entry("location", "../secret.bin"),
            "rooted" => Entry("location", "/etc/hostname"),
            "missing" => Entry("location", "gone.bin"),
            "beyond" => Entry("offset", "999"),
            _ => Entry("offset", "-1"),
        };
    }
}
