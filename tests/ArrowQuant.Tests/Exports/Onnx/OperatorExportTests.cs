using ArrowQuant.Configuration;
using ArrowQuant.Exports;
using ArrowQuant.Exports.Onnx;
using ArrowQuant.Pipeline;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Onnx;

namespace ArrowQuant.Tests.Exports.Onnx;

public sealed class OperatorExportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    // Every operator and orientation, columns that do not fill their groups, at each width; text at 2 bits gives lattices.
    public static TheoryData<string, int, Modality> Cases()
    {
        TheoryData<string, int, Modality> cases = [];
        foreach (string graph in new[] { "matmul", "left", "gemm", "gemm_transposed", "gemm_scaled", "conv", "transposed_conv", "tied" })
        {
            cases.Add(graph, 8, Modality.Image);
            cases.Add(graph, 4, Modality.Image);
            cases.Add(graph, 2, Modality.Text);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Export_Operator_GivesWhatTheOriginalGivesWithOurWeights(string graph, int bits, Modality modality)
    {
        (ModelProto model, int[] input) = Graph(graph);
        string original = _folder.PathOf("model.onnx");
        model.WriteTo(original);
        ExportReport report = await ExportAsync(original, bits, modality, GraphWriter.InlineLimit);

        Assert.Equal(report.Tensors.Count, report.ExactTensors);
        bool isProduct = graph is "matmul" or "gemm" or "gemm_transposed" or "tied";
        string[] forms = bits == 2
            ? ["Gather of levels", isProduct ? "MatMulNBits 2" : "int2 decoded"]
            : [isProduct ? $"MatMulNBits {bits}" : $"int{bits} decoded"];
        Assert.Contains(report.Tensors.Single(tensor => tensor.IsLayer).StoredAs, forms);
        Assert.InRange(Difference(Run(Ours(model), input), Run(_folder.PathOf("export", "model.onnx"), input)), 0, 2e-6);
    }

    [Fact]
    public async Task Export_MoreThanTheModelFileMayHold_GoesIntoADataFile()
    {
        (ModelProto model, int[] input) = Graph("gemm");
        string original = _folder.PathOf("model.onnx");
        model.WriteTo(original);

        ExportReport report = await ExportAsync(original, 4, Modality.Image, inlineLimit: 0);

        Assert.Equal(report.Tensors.Count, report.ExactTensors);
        Assert.InRange(new FileInfo(_folder.PathOf("export", "model.onnx")).Length, 1, 3000);
        Assert.InRange(new FileInfo(_folder.PathOf("export", "model.onnx.data")).Length, 6000, 9000);
        Assert.InRange(Difference(Run(Ours(model), input), Run(_folder.PathOf("export", "model.onnx"), input)), 0, 2e-6);
    }

    public void Dispose() => _folder.Dispose();

    private static (ModelProto Model, int[] Input) Graph(string name)
    {
        SmallGraphs graph = new SmallGraphs().Output("y");
        return name switch
        {
            "matmul" => (graph.Input("x", 5, 200).Weight("w", 200, 48).Node("MatMul", "y", ["x", "w"]).Build(), [5, 200]),
            "left" => (graph.Input("x", 200, 5).Weight("w", 48, 200).Node("MatMul", "y", ["w", "x"]).Build(), [200, 5]),
            "gemm" => (graph.Input("x", 5, 192).Weight("w", 64, 192).Weight("b", 64)
                .Node("Gemm", "y", ["x", "w", "b"], ("transB", 1)).Build(), [5, 192]),
            "gemm_transposed" => (graph.Input("x", 5, 192).Weight("w", 192, 64).Weight("b", 64).Node("Gemm", "y", ["x", "w", "b"]).Build(), [5, 192]),
            "gemm_scaled" => (graph.Input("x", 192, 5).Weight("w", 192, 64)
                .Node("Gemm", "y", ["x", "w"], ("transA", 1), ("alpha", 0.5f)).Build(), [192, 5]),
            "conv" => (graph.Input("x", 2, 16, 9, 9).Weight("w", 24, 16, 3, 3).Node("Conv", "y", ["x", "w"],
                ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { 2, 1 })).Build(), [2, 16, 9, 9]),
            "transposed_conv" => (graph.Input("x", 2, 16, 9).Weight("w", 16, 24, 3).Node("ConvTranspose", "y", ["x", "w"]).Build(), [2, 16, 9]),
            _ => (graph.Input("x", 5, 96).Weight("w", 96, 96).Node("MatMul", "h", ["x", "w"]).Node("MatMul", "y", ["h", "w"]).Build(), [5, 96]),
        };
    }

    private async Task<ExportReport> ExportAsync(string original, int bits, Modality modality, long inlineLimit)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await new DiffusionQuantizer().QuantizeAsync(
            original, _folder.PathOf("artefact"), new DiffusionQuantConfig { BitWidth = bits, Modality = modality, MinAccuracy = 0.5 },
            null, cancellation);
        var options = new ExportOptions { Format = ExportFormat.Onnx, SourcePath = original };
        if (inlineLimit == GraphWriter.InlineLimit)
            return ArtefactExporter.Export(_folder.PathOf("artefact"), _folder.PathOf("export"), options, cancellation);
        using ArtefactReader artefact = ArtefactReader.Open(_folder.PathOf("artefact"));
        var tensors = new OnnxExporter(inlineLimit).Write(new ExportJob(artefact, options, _folder.CreateFolder("export"), cancellation));
        return new ExportReport
        {
            ToolVersion = "",
            Format = "onnx",
            Files = [],
            TensorBytes = 0,
            ArtefactTensorBytes = 0,
            ExactTensors = tensors.Count(tensor => tensor.Exact),
            LargestRelativeError = 0,
            Tensors = tensors,
        };
    }

    private string Ours(ModelProto model)
    {
        using ArtefactReader artefact = ArtefactReader.Open(_folder.PathOf("artefact"));
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            float[] weights = artefact.ReadLayer(tensor.Name);
            byte[] bytes = new byte[4 * weights.Length];
            Buffer.BlockCopy(weights, 0, bytes, 0, bytes.Length);
            tensor.RawData = ByteString.CopyFrom(bytes);
        }

        string path = _folder.PathOf("ours.onnx");
        model.WriteTo(path);
        return path;
    }

    private static float[] Run(string path, int[] shape)
    {
        SeededRandom random = new(3);
        float[] x = new float[shape.Aggregate(1, (product, size) => product * size)];
        for (int i = 0; i < x.Length; i++) x[i] = (float)random.NextGaussian();
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(path, options);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results =
            session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, shape))]);
        return [.. results[0].AsTensor<float>()];
    }

    private static double Difference(float[] expected, float[] found) =>
        Math.Sqrt(expected.Zip(found, (a, b) => Math.Pow(a - (double)b, 2)).Sum() / expected.Sum(a => (double)a * a));
}
