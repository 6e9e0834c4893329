using ArrowQuant.Errors;
using ArrowQuant.Onnx;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Onnx;

public sealed class OnnxCalibrationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Model => OnnxModels.Write("dit-digits", _folder.PathOf("model.onnx"));

    [Fact]
    public void Record_Noise_GivesTheSameBytesAndEveryLayer()
    {
        string model = Model;
        var options = new OnnxCalibrationOptions { Timesteps = 4, Samples = 2, RowsPerRun = 5 };

        OnnxCalibrationResult result = OnnxCalibration.Record(
            model, _folder.PathOf("a.safetensors"), options, TestContext.Current.CancellationToken);
        OnnxCalibration.Record(model, _folder.PathOf("b.safetensors"), options, TestContext.Current.CancellationToken);

        Assert.Equal((25, 4), (result.Layers, result.Runs));
        Assert.Empty(result.Unrecorded);
        Assert.Equal(File.ReadAllBytes(_folder.PathOf("a.safetensors")), File.ReadAllBytes(_folder.PathOf("b.safetensors")));
        Assert.Equal(["a.safetensors", "b.safetensors", "model.onnx"], Directory.GetFiles(_folder.FullName).Select(Path.GetFileName).Order());
        var data = WeightFile.Read(_folder.PathOf("a.safetensors"));
        Assert.Equal([20, 192], data["blocks.2.attn.qkv.input"].Shape);
        Assert.Equal([8, 192], data["blocks.2.adaLN_modulation.1.input"].Shape);
        Assert.Equal([750f, 500, 250, 0], data["blocks.2.attn.qkv.timestep"].Values.Distinct());
        Assert.Equal(result.Rows, data.Where(t => t.Key.EndsWith(".input", StringComparison.Ordinal)).Sum(t => t.Value.Shape[0]));
    }

    [Fact]
    public void Record_Inputs_GivesThePatchesAndTheEmbeddingThatTheModelMakesOfThem()
    {
        const int Samples = 6;
        float[] x = [.. Enumerable.Range(0, 64 * Samples).Select(i => MathF.Sin(i))];
        long[] steps = [10, 10, 10, 700, 700, 700];
        File.WriteAllBytes(_folder.PathOf("in.safetensors"), new SafeTensorsBuilder()
            .Add("x", x, Samples, 1, 8, 8)
            .Add("t", ElementType.I64, [Samples], [.. steps.SelectMany(BitConverter.GetBytes)])
            .Add("y", ElementType.I64, [Samples], [.. steps.SelectMany(step => BitConverter.GetBytes(step % 10))])
            .Build());
        var options = new OnnxCalibrationOptions { InputsPath = _folder.PathOf("in.safetensors"), RowsPerRun = 100 };

        OnnxCalibration.Record(Model, _folder.PathOf("out.safetensors"), options, TestContext.Current.CancellationToken);

        var data = WeightFile.Read(_folder.PathOf("out.safetensors"));
        (long[] shape, float[] patches) = data["x_embedder.proj.input"];
        Assert.Equal([96, 4], shape);
        // Rows of the first run begin at the first place: sample 0, patch row 0, column 0, then column 1.
        Assert.Equal([x[0], x[1], x[8], x[9], x[2], x[3], x[10], x[11]], patches[..8]);
        float[] embedding = data["t_embedder.mlp.0.input"].Values;
        Assert.InRange(Math.Abs(embedding[0] - Math.Cos(10)), 0, 1e-5);
        Assert.InRange(Math.Abs(embedding[128] - Math.Sin(10)), 0, 1e-5);
        Assert.InRange(Math.Abs(embedding[3 * 256] - Math.Cos(700)), 0, 1e-4);
        Assert.Equal([10f, 10, 10, 700, 700, 700], data["t_embedder.mlp.0.timestep"].Values);
    }

    [Theory]
    [InlineData("x", "F32", "has no tensor 't'")]
    [InlineData("t", "I32", "tensor 't' is int32, expected int64")]
    [InlineData("y", "short", "expected [samples, ...] with the same number of samples")]
    [InlineData("x", "shape", "the model takes [any, 1, 8, 8]")]
    public void Record_InputsThatDoNotFit_SaysSoAndWritesNothing(string tensor, string what, string message)
    {
        SafeTensorsBuilder builder = new();
        builder.Add("x", ElementType.F32, tensor == "x" && what == "shape" ? [2, 1, 4, 16] : [2, 1, 8, 8], new byte[512]);
        if (tensor != "x" || what != "F32") builder.Add("t", what == "I32" ? ElementType.I32 : ElementType.I64, [2], new byte[what == "I32" ? 8 : 16]);
        builder.Add("y", ElementType.I64, [what == "short" ? 1 : 2], new byte[what == "short" ? 8 : 16]);
        File.WriteAllBytes(_folder.PathOf("in.safetensors"), builder.Build());

        CalibrationException error = Assert.Throws<CalibrationException>(() => OnnxCalibration.Record(
            Model, _folder.PathOf("out.safetensors"), new OnnxCalibrationOptions { InputsPath = _folder.PathOf("in.safetensors") },
            cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.FullName, "out*"));
    }

    [Fact]
    public void Record_ModelWithoutTimestep_AsksForInputs()
    {
        string model = OnnxModels.Write("llada-kjv", _folder.PathOf("model.onnx"));

        CalibrationException error = Assert.Throws<CalibrationException>(
            () => OnnxCalibration.Record(model, _folder.PathOf("out.safetensors"), cancellationToken: TestContext.Current.CancellationToken));

        Assert.EndsWith("has no timestep input; give real inputs instead of noise: "
            + "--calibrate-onnx INPUTS.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_GraphThatTheRuntimeRefuses_SaysSo()
    {
        global::Onnx.ModelProto model = OnnxModels.Load("dit-digits");
        model.Graph.Node[20].OpType = "NoSuchOperator";
        model.WriteTo(_folder.PathOf("bad.onnx"));

        ModelFormatException error = Assert.Throws<ModelFormatException>(
            () => OnnxCalibration.Record(
                _folder.PathOf("bad.onnx"), _folder.PathOf("out.safetensors"), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("ONNX Runtime does not run this model", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    public void Dispose() => _folder.Dispose();
}
