using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Exports;

/// <summary>What ONNX Runtime draws with an export of dit-digits: the whole way from the exported float32 model.</summary>
[Trait("Category", "Slow")]
public sealed class OnnxSamplesTests
{
    // The float32 model has class accuracy .97; 200 samples have a standard error near .01.
    [Theory]
    [InlineData("8", "noise", 0.96, 30)]
    [InlineData("4", "noise", 0.95, 24)]
    [InlineData("2", "noise", 0.93, 15)]
    [InlineData("4", "none", 0.95, 24)]
    public async Task Export_DitDigits_DrawsTheDigitsOfTheOriginal(string bits, string calibration, double accuracy, double psnr)
    {
        using TempFolder folder = new();
        string model = OnnxModels.Write("dit-digits", folder.PathOf("model.onnx"));
        string[] data = calibration == "none" ? ["--calibration", "none"] : ["--calibrate-onnx", calibration];
        await RunAsync(["quantize", model, "-o", folder.PathOf("artefact"), "--modality", "image", "--bit-width", bits,
            "--min-accuracy", "0.5", .. data]);
        await RunAsync(["export", folder.PathOf("artefact"), "--format", "onnx", "--source", model, "-o", folder.PathOf("export")]);
        DitJudge judge = new();

        SampleScore score = judge.Score(Draw(folder.PathOf("export", "model.onnx")));

        Assert.InRange(score.Accuracy, accuracy, 1);
        Assert.InRange(score.PsnrDecibels, psnr, double.PositiveInfinity);
    }

    private static float[] Draw(string path)
    {
        Dictionary<string, (long[] Shape, float[] Values)> reference =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "reference.safetensors"));
        const int Samples = 200;
        using OnnxNoisePredictor model = new(path);
        int[] labels = [.. reference["ddim.labels"].Values[..Samples].Select(label => (int)label)];
        return DdimSampler.Sample(model, reference["ddim.noise"].Values.AsMemory(0, 64 * Samples), labels);
    }

    private static async Task RunAsync(string[] arguments)
    {
        ToolRun run = await Tool.RunAsync(arguments);
        Assert.True(run.ExitCode == 0, run.Error);
    }
}
