using ArrowQuant.Configuration;
using ArrowQuant.Exports;
using ArrowQuant.Exports.Onnx;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Storage;
using ArrowQuant.TestKit;
using Google.Protobuf;
using Onnx;

namespace ArrowQuant.Tests.Exports.Onnx;

public sealed class OnnxExportTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Model => _folder.PathOf("model.onnx");

    private string Artefact => _folder.PathOf("artefact");

    private string Output => _folder.PathOf("export");

    [Fact]
    public Task Export_DitDigitsAtFourBits_PredictsAsTheOriginalGraphWithOurWeights() => ExportAndPredictAsync(4, false, 2_590_000);

    // float32 takes 11,403,976 bytes.
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(8, false, 4_270_000)]
    [InlineData(8, true, 4_300_000)]
    [InlineData(4, true, 2_610_000)]
    [InlineData(2, false, 1_930_000)]
    [InlineData(2, true, 1_980_000)]
    public Task Export_DitDigits_PredictsAsTheOriginalGraphWithOurWeights(int bits, bool isCalibrated, long largest) =>
        ExportAndPredictAsync(bits, isCalibrated, largest);

    private async Task ExportAndPredictAsync(int bits, bool isCalibrated, long largest)
    {
        await QuantizeAsync("dit-digits", bits, isCalibrated);

        ExportReport report = ArtefactExporter.Export(
            Artefact, Output, new ExportOptions { Format = ExportFormat.Onnx, SourcePath = Model }, TestContext.Current.CancellationToken);

        Assert.Equal(report.Tensors.Count, report.ExactTensors);
        Assert.InRange(new FileInfo(Path.Combine(Output, "model.onnx")).Length, 1, largest);
        float[] expected = Predict(WithOurWeights("dit-digits"));
        float[] found = Predict(Path.Combine(Output, "model.onnx"));
        Assert.InRange(RelativeError(expected, found), 0, 1e-3);
        Assert.InRange(RelativeError(Predict(Model), found), 1e-5, 1);
    }

    public void Dispose() => _folder.Dispose();

    private async Task QuantizeAsync(string sample, int bits, bool isCalibrated)
    {
        OnnxModels.Write(sample, Model);
        string calibration = RepositoryPaths.SampleFile(sample, "calibration.safetensors");
        await new DiffusionQuantizer().QuantizeAsync(
            Model,
            Artefact,
            new DiffusionQuantConfig { BitWidth = bits, Modality = Modality.Image, MinAccuracy = 0.5 },
            new QuantizationRunOptions { NoCalibration = !isCalibrated, CalibrationPath = isCalibrated ? calibration : null },
            null,
            TestContext.Current.CancellationToken);
    }

    // The definition of right: every initializer replaced by what the artefact's reader decodes.
    private string WithOurWeights(string sample)
    {
        ModelProto model = OnnxModels.Load(sample);
        using ArtefactReader artefact = ArtefactReader.Open(Artefact);
        using OnnxSource source = OnnxSource.Open(Model, Model, null);
        foreach (OnnxLayer layer in source.Layers)
        {
            TensorProto tensor = model.Graph.Initializer.Single(initializer => initializer.Name == layer.Tensor.Name);
            float[] weights = artefact.ReadLayer(layer.Name);
            byte[] bytes = new byte[4 * weights.Length];
            Buffer.BlockCopy(weights, 0, bytes, 0, bytes.Length);
            tensor.RawData = ByteString.CopyFrom(bytes);
        }

        string path = _folder.PathOf("ours.onnx");
        model.WriteTo(path);
        return path;
    }

    private static float[] Predict(string path)
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "reference.safetensors"));
        int[] labels = [.. reference["eps.labels"].Values.Select(label => (int)label)];
        using OnnxNoisePredictor model = new(path);
        List<float> outputs = [];
        foreach (int timestep in reference["eps.timesteps"].Values.Select(t => (int)t))
        {
            float[] noise = new float[64 * labels.Length];
            model.Predict(reference[$"eps.x_t.{timestep}"].Values, timestep, labels, noise);
            outputs.AddRange(noise);
        }

        return [.. outputs];
    }

    private static double RelativeError(float[] expected, float[] found) =>
        Math.Sqrt(expected.Zip(found, (a, b) => Math.Pow(a - (double)b, 2)).Sum() / expected.Sum(a => (double)a * a));
}
