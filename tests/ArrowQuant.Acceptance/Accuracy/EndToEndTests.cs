using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Accuracy;

/// <summary>
/// What the quantized models still can do, not what their weights look like. No calibration data, group 128, on all layers. The Parquet
/// form of a model gives the same bytes (see the tests of equal bytes), so one form is enough here.
/// </summary>
public sealed class EndToEndTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// Purpose: INT2 without calibration keeps the image model alive, and the row gain is why. Input: dit-digits, every layer that can be
    /// quantized at 2 bits; 200 samples of 20 DDIM steps from stored noise. Expected: class accuracy at least 0.95 and PSNR at least 18 dB
    /// against the FP32 samples; with the gain taken back (each row shrunk to its least-squares scale) below 0.6 and 14 dB although the
    /// cosine is the same; FP32 itself about 0.97.
    /// </summary>
    [Fact]
    public async Task Quantize_DitAtInt2_StillDrawsDigits()
    {
        QuantizationResult result = await _run.RunAsync(
            models.Dit(ModelForm.Safetensors), new() { BitWidth = 2, SkipSensitiveLayers = false, FailFast = true });
        Assert.Equal(25, result.LayersByBitWidth["2"]);
        Dictionary<string, (long[] Shape, float[] Values)> original =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "model.safetensors"));
        Dictionary<string, (long[] Shape, float[] Values)> decoded = ArtefactDecoder.Decode(_run.Output);
        Dictionary<string, (long[] Shape, float[] Values)> shrunk = decoded.ToDictionary(
            pair => pair.Key,
            pair => result.Layers.Any(layer => layer.Name == pair.Key)
                ? (pair.Value.Shape, LeastSquares(original[pair.Key].Values, pair.Value.Values, (int)pair.Value.Shape[0]))
                : pair.Value,
            StringComparer.Ordinal);

        DitJudge judge = new();
        SampleScore full = judge.Score(judge.ReferenceSamples.Span);
        SampleScore quantized = judge.Judge(decoded);
        SampleScore withoutGain = judge.Judge(shrunk);
        TestContext.Current.TestOutputHelper?.WriteLine($"FP32 {full}\nINT2 {quantized}\nINT2 without the row gain {withoutGain}");

        Assert.Equal(0.97, full.Accuracy, 0.015);
        Assert.InRange(quantized.Accuracy, 0.95, 1);
        Assert.InRange(quantized.PsnrDecibels, 18, 60);
        Assert.InRange(withoutGain.Accuracy, 0, 0.6);
        Assert.InRange(withoutGain.PsnrDecibels, 0, 14);
    }

    /// <summary>
    /// Purpose: INT2 without calibration keeps the text model alive. Input: llada-kjv, every layer that can be quantized at 2 bits; 48
    /// windows of held-out text, 10 % of the bytes masked. Expected: masked negative log-likelihood at most 0.715 (FP32: 0.607).
    /// </summary>
    [Fact]
    public async Task Quantize_LladaAtInt2_StillReads()
    {
        QuantizationResult result = await _run.RunAsync(
            models.Llada(ModelForm.Safetensors), new() { BitWidth = 2, SkipSensitiveLayers = false, FailFast = true });
        Assert.Equal(37, result.LayersByBitWidth["2"]);

        LladaJudge judge = new();
        double full = judge.MaskedNll(WeightFile.Read(RepositoryPaths.SampleFile("llada-kjv", "model.safetensors")), 100);
        double quantized = judge.MaskedNll(ArtefactDecoder.Decode(_run.Output), 100);
        TestContext.Current.TestOutputHelper?.WriteLine($"masked NLL at 10 %: FP32 {full}, INT2 {quantized}");

        Assert.Equal(0.607, full, 0.005);
        Assert.InRange(quantized, full, 0.715);
    }

    /// <summary>
    /// Purpose: INT4 and INT8 are close to lossless on the image model. Input: dit-digits, every layer. Expected: PSNR above 29 and 45 dB.
    /// </summary>
    [Theory]
    [Trait("Category", "Slow")]
    [InlineData(4, 29)]
    [InlineData(8, 45)]
    public async Task Quantize_DitAtInt4AndInt8_DrawsTheSameDigits(int bits, double decibels)
    {
        await _run.RunAsync(models.Dit(ModelForm.Safetensors), new() { BitWidth = bits, SkipSensitiveLayers = false, FailFast = true });
        SampleScore score = new DitJudge().Judge(ArtefactDecoder.Decode(_run.Output));
        TestContext.Current.TestOutputHelper?.WriteLine($"INT{bits} {score}");

        Assert.InRange(score.Accuracy, 0.95, 1);
        Assert.InRange(score.PsnrDecibels, decibels, 90);
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();

    // Each row times <w, w^> / <w^, w^>: the scale at which its squared error is least.
    private static float[] LeastSquares(float[] original, float[] decoded, int rows)
    {
        float[] scaled = new float[decoded.Length];
        int columns = decoded.Length / rows;
        for (int row = 0; row < rows; row++)
        {
            double mixed = 0;
            double own = 0;
            for (int i = row * columns; i < (row + 1) * columns; i++)
            {
                mixed += (double)original[i] * decoded[i];
                own += (double)decoded[i] * decoded[i];
            }

            float factor = own == 0 ? 1 : (float)(mixed / own);
            for (int i = row * columns; i < (row + 1) * columns; i++) scaled[i] = decoded[i] * factor;
        }

        return scaled;
    }
}
