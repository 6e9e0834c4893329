using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;
using Weights = System.Collections.Generic.Dictionary<string, (long[] Shape, float[] Values)>;

namespace ArrowQuant.Acceptance.Calibration;

/// <summary>
/// What the sample models still can do when calibration data is used, on every layer but tables that are looked up, group 128. The judges
/// run the weights that an independent reader decodes.
/// </summary>
[Trait("Category", "Slow")]
public sealed class CalibratedModelsTests(TestModels models) : IDisposable
{
    private readonly Quantizing _base = new();
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: INT2 draws digits. Input: dit-digits at 2 bits with its calibration data; 500 samples of 20 DDIM steps. Expected: class
    /// accuracy at least 0.955 and PSNR at least 22.3 dB, and better than without the data in PSNR and Frechet distance.
    /// </summary>
    [Fact]
    public async Task Quantize_DitAtInt2_DrawsDigitsAndBeatsBase()
    {
        (Weights without, Weights with) = await QuantizeBothAsync(models.Dit(ModelForm.Safetensors), 2);
        DitJudge judge = new(500);
        SampleScore rounded = judge.Judge(without);
        SampleScore calibrated = judge.Judge(with);
        TestContext.Current.TestOutputHelper?.WriteLine($"base {rounded}\ncalibrated {calibrated}");

        Assert.InRange(calibrated.Accuracy, 0.955, 1);
        Assert.InRange(calibrated.PsnrDecibels, 22.3, 60);
        Assert.True(calibrated.PsnrDecibels > rounded.PsnrDecibels);
        Assert.True(calibrated.Frechet < rounded.Frechet);

        // One standard error of an accuracy near 0.97 over 500 samples is 0.008.
        Assert.InRange(calibrated.Accuracy, rounded.Accuracy - 0.008, 1);
    }

    /// <summary>
    /// Purpose: INT4 is nearly lossless on the image model. Input: dit-digits at 4 bits with its calibration data. Expected: PSNR at least
    /// 36 dB, and more than without the data.
    /// </summary>
    [Fact]
    public async Task Quantize_DitAtInt4_DrawsTheSameDigits()
    {
        (Weights without, Weights with) = await QuantizeBothAsync(models.Dit(ModelForm.Safetensors), 4);
        DitJudge judge = new();
        SampleScore rounded = judge.Judge(without);
        SampleScore calibrated = judge.Judge(with);
        TestContext.Current.TestOutputHelper?.WriteLine($"base {rounded}\ncalibrated {calibrated}");

        Assert.InRange(calibrated.PsnrDecibels, 36, 90);
        Assert.True(calibrated.PsnrDecibels > rounded.PsnrDecibels);
    }

    /// <summary>
    /// Purpose: INT2 reads text. Input: llada-kjv at 2 bits with its calibration data; 48 windows of held-out text, 10, 50 and 90 % masked.
    /// Expected: masked NLL at most 0.705, 1.475 and 2.720, each less than without the data.
    /// </summary>
    [Fact]
    public async Task Quantize_LladaAtInt2_ReadsAndBeatsBase()
    {
        (Weights without, Weights with) = await QuantizeBothAsync(models.Llada(ModelForm.Safetensors), 2);
        LladaJudge judge = new();
        foreach ((int ratio, double most) in ((int, double)[])[(100, 0.705), (500, 1.475), (900, 2.720)])
        {
            double rounded = judge.MaskedNll(without, ratio);
            double calibrated = judge.MaskedNll(with, ratio);
            TestContext.Current.TestOutputHelper?.WriteLine($"{ratio / 10} % masked: base {rounded}, calibrated {calibrated}");
            Assert.InRange(calibrated, 0.5, most);
            Assert.True(calibrated < rounded, $"{ratio / 10} % masked: base {rounded}, calibrated {calibrated}");
        }
    }

    /// <summary>
    /// Purpose: INT4 is nearly lossless on the text model. Input: llada-kjv at 4 bits with its calibration data. Expected: masked NLL
    /// within 0.8 % of FP32, and at most 0.003 above that without the data, at 10, 50 and 90 % masked.
    /// </summary>
    [Fact]
    public async Task Quantize_LladaAtInt4_ReadsAsTheOriginal()
    {
        (Weights without, Weights with) = await QuantizeBothAsync(models.Llada(ModelForm.Safetensors), 4);
        Weights original = WeightFile.Read(RepositoryPaths.SampleFile("llada-kjv", "model.safetensors"));
        LladaJudge judge = new();
        foreach (int ratio in (int[])[100, 500, 900])
        {
            double full = judge.MaskedNll(original, ratio);
            double rounded = judge.MaskedNll(without, ratio);
            double calibrated = judge.MaskedNll(with, ratio);
            TestContext.Current.TestOutputHelper?.WriteLine($"{ratio / 10} % masked: FP32 {full}, base {rounded}, calibrated {calibrated}");
            Assert.InRange(calibrated, full * 0.992, full * 1.008);
            Assert.InRange(calibrated, 0, rounded + 0.003);
        }
    }

    /// <summary>
    /// Purpose: the gate that the documentation recommends protects the audio model. Input: diffwave-spoken-digits at 2 bits with its
    /// calibration data, threshold 0.995 at every width, judged by outputs. Expected: INT2 fails, INT4 is published by itself, and 200
    /// samples have a class accuracy within 0.015 and a Frechet distance within 1.5 of FP32 in the same run.
    /// </summary>
    [Fact]
    public async Task Quantize_DiffWaveWithAGateOnOutputs_FallsBackToInt4ThatSpeaks()
    {
        DiffusionQuantConfig config = Config(2) with { MinAccuracy = 0.995, KeepMinAccuracy = true };
        QuantizationResult result = await _run.RunAsync(models.DiffWave(ModelForm.Safetensors), config, new());
        Assert.Equal((4, "output", 0.995), (result.BitWidth, result.AccuracyMetric, result.MinAccuracy));
        FallbackAssert.Attempts(result.Attempts, (2, 0.995, false), (4, 0.995, true));
        FallbackAssert.RatesAddUp(result);

        DiffWaveJudge judge = new();
        SampleScore full = judge.Judge(WeightFile.Read(RepositoryPaths.SampleFile("diffwave-spoken-digits", "model.safetensors")));
        SampleScore quantized = judge.Judge(ArtefactDecoder.Decode(_run.Output));
        TestContext.Current.TestOutputHelper?.WriteLine($"FP32 {full}\nINT4 {quantized}");
        Assert.InRange(quantized.Accuracy, full.Accuracy - 0.015, 1);
        Assert.InRange(quantized.Frechet, 0, full.Frechet + 1.5);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _base.Dispose();
        _run.Dispose();
    }

    private static DiffusionQuantConfig Config(int bits) => new()
    {
        BitWidth = bits,
        MinAccuracy = 0.5,
        SkipSensitiveLayers = false,
        ExcludeLayers = ["embedding_table|class_embedding|wte|pos_embed"],
    };

    private async Task<(Weights Base, Weights Calibrated)> QuantizeBothAsync(string model, int bits)
    {
        await _base.RunAsync(model, Config(bits));
        QuantizationResult result = await _run.RunAsync(model, Config(bits), new());
        Assert.Equal((bits, "output"), (result.BitWidth, result.AccuracyMetric));
        return (ArtefactDecoder.Decode(_base.Output), ArtefactDecoder.Decode(_run.Output));
    }
}
