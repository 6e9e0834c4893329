using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Fallback;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Scenarios;

/// <summary>A width that misses its threshold gives way to the next one.</summary>
public sealed class WidthFallbackTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// int2_to_int4. Purpose: INT2 that misses the caller's threshold falls back once. Input: real image and text models, 2 bits, 0.99,
    /// which no 2-bit grid reaches. Expected: 4 bits, accuracy at least 0.85, attempts [2 failed, 4 passed], one event of kind bit_width,
    /// one warning that names both widths, the accuracy and the threshold.
    /// </summary>
    [Theory]
    [InlineData("dit", ModelForm.Safetensors)]
    [InlineData("dit", ModelForm.V2Extended)]
    [InlineData("llada", ModelForm.Safetensors)]
    [InlineData("llada", ModelForm.V2Extended)]
    public async Task Quantize_Int2MissesItsThreshold_PublishesInt4(string model, ModelForm form)
    {
        string path = model == "dit" ? models.Dit(form) : models.Llada(form);
        QuantizationResult result = await _run.RunAsync(path, new() { BitWidth = 2, MinAccuracy = 0.99 });

        Assert.Equal((2, 4), (result.RequestedBitWidth, result.BitWidth));
        Assert.InRange(result.CosineSimilarity, 0.85, 1);
        Assert.All(result.Layers, layer => Assert.Equal(4, layer.BitWidth));
        FallbackAssert.Attempts(result.Attempts, (2, 0.99, false), (4, 0.85, true));
        FallbackAssert.RatesAddUp(result);
        FallbackEvent step = Assert.Single(FallbackAssert.OfKind(result.Fallback.Events, "bit_width"));
        Assert.Equal((null, "int2", "int4", "below_threshold", 2), (step.Layer, step.From, step.To, step.Cause, step.BitWidth));
        Assert.Equal(new FallbackRate(1, 1), result.Fallback.Rates["int2_to_int4"]);
        Assert.Equal(new FallbackRate(1, 0), result.Fallback.Rates["int4_to_int8"]);
        string warning = Assert.Single(_run.Logger.Warnings, line => line.Contains("INT4", StringComparison.Ordinal));
        Assert.Contains($"INT2 reached accuracy {result.Attempts[0].CosineSimilarity:0.######}", warning, StringComparison.Ordinal);
        Assert.Contains("threshold 0.99", warning, StringComparison.Ordinal);
        Assert.Contains("INT4, judged at 0.85", warning, StringComparison.Ordinal);
    }

    /// <summary>
    /// int4_to_int8. Purpose: the same step one width higher. Input: Gaussian weights with an outlier pair of 20 standard deviations in
    /// every group of 128, 4 bits, 0.98 (INT4 reaches about 0.965). Expected: 8 bits, accuracy at least 0.95, attempts [4 failed, 8
    /// passed].
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_Int4MissesItsThreshold_PublishesInt8(ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Outliers(form), new() { BitWidth = 4, MinAccuracy = 0.98 });

        Assert.Equal((4, 8), (result.RequestedBitWidth, result.BitWidth));
        Assert.InRange(result.CosineSimilarity, 0.95, 1);
        FallbackAssert.Attempts(result.Attempts, (4, 0.98, false), (8, 0.95, true));
        Assert.Equal(0.965, result.Attempts[0].CosineSimilarity, 0.005);
        FallbackAssert.RatesAddUp(result);
        Assert.Equal(new FallbackRate(1, 1), result.Fallback.Rates["int4_to_int8"]);
        Assert.DoesNotContain("int2_to_int4", result.Fallback.Rates.Keys);
        Assert.Single(_run.Logger.Warnings, line => line.Contains("INT8, judged at 0.95", StringComparison.Ordinal));
    }

    /// <summary>
    /// full_chain, default thresholds. Purpose: 2 -> 4 -> 8, judged at 0.99, 0.85 and 0.95. Input: rows of 8192 weights with one far
    /// outlier pair, and calibration data that cannot serve them, so that every row has a single grid (per_channel); such a grid misses
    /// 0.85 at 4 bits. Expected: 8 bits, three attempts, each more accurate than the one before.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_TwoWidthsMissTheirThresholds_PublishesInt8(ModelForm form)
    {
        string[] layers = ["blocks.0.proj", "blocks.1.proj"];
        string calibration = BrokenCalibration.WrongChannelCount(_run.Inputs, layers, found: 7);
        QuantizationResult result = await _run.RunAsync(
            models.LongRows(form), new() { BitWidth = 2, MinAccuracy = 0.99 }, new() { CalibrationPath = calibration });

        Assert.Equal((2, 8), (result.RequestedBitWidth, result.BitWidth));
        FallbackAssert.Attempts(result.Attempts, (2, 0.99, false), (4, 0.85, false), (8, 0.95, true));
        FallbackAssert.RatesAddUp(result);
        Assert.Equal(["int2", "int4"], FallbackAssert.OfKind(result.Fallback.Events, "bit_width").Select(step => step.From));
        Assert.All(result.Layers, layer => Assert.Equal(("per_channel", null), (layer.Method, layer.GroupSize)));
    }

    /// <summary>
    /// full_chain, the caller's threshold. Purpose: keep_min_accuracy holds 0.999 at every width. Input: real image and text models, 2
    /// bits. Expected: 8 bits, every attempt judged at 0.999.
    /// </summary>
    [Theory]
    [InlineData("dit", ModelForm.Safetensors)]
    [InlineData("dit", ModelForm.V2Extended)]
    [InlineData("llada", ModelForm.Safetensors)]
    [InlineData("llada", ModelForm.V2Extended)]
    public async Task Quantize_KeepMinAccuracy_JudgesEveryWidthAtTheCallersThreshold(string model, ModelForm form)
    {
        string path = model == "dit" ? models.Dit(form) : models.Llada(form);
        QuantizationResult result = await _run.RunAsync(path, new() { BitWidth = 2, MinAccuracy = 0.999, KeepMinAccuracy = true });

        Assert.Equal((8, 0.999), (result.BitWidth, result.MinAccuracy));
        Assert.InRange(result.CosineSimilarity, 0.999, 1);
        FallbackAssert.Attempts(result.Attempts, (2, 0.999, false), (4, 0.999, false), (8, 0.999, true));
        FallbackAssert.RatesAddUp(result);
    }

    /// <summary>
    /// updates_min_accuracy. Purpose: the thresholds of later widths are the product's, and the result states the one that was applied.
    /// Input: 2 bits at 0.99, and 4 bits at 0.9999. Expected: INT4 judged at 0.85, INT8 at 0.95.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors, 2, 0.99, 4, 0.85)]
    [InlineData(ModelForm.V2Extended, 2, 0.99, 4, 0.85)]
    [InlineData(ModelForm.Safetensors, 4, 0.9999, 8, 0.95)]
    [InlineData(ModelForm.V2Extended, 4, 0.9999, 8, 0.95)]
    public async Task Quantize_AfterAFallback_StatesTheThresholdOfThePublishedWidth(
        ModelForm form, int bits, double minAccuracy, int published, double applied)
    {
        QuantizationResult result = await _run.RunAsync(models.Gaussian(form), new() { BitWidth = bits, MinAccuracy = minAccuracy });

        Assert.Equal((published, applied), (result.BitWidth, result.MinAccuracy));
        Assert.Equal(applied, result.Attempts[^1].MinAccuracy);
        QuantizationResult stored = ReportJson.Deserialize(File.ReadAllText(Path.Combine(_run.Output, "report.json")));
        Assert.Equal(applied, stored.MinAccuracy);
    }

    /// <summary>
    /// int8_no_further. Purpose: above INT8 there is nothing. Input: 8 bits, 0.999999, which INT8 misses. Expected: the error "all attempts
    /// failed" with the one attempt's accuracy and threshold, nothing published, what lay beside the output untouched.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_Int8MissesItsThreshold_FailsAndPublishesNothing(ModelForm form)
    {
        QuantizationException failure = await _run.FailAsync(models.Dit(form), new() { BitWidth = 8, MinAccuracy = 0.999999 });

        QuantizationAttempt attempt = Assert.Single(failure.Attempts);
        Assert.Equal((8, 0.999999, false), (attempt.BitWidth, attempt.MinAccuracy, attempt.Passed));
        Assert.Contains("all attempts failed", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            $"INT8 accuracy {attempt.CosineSimilarity:0.######} (threshold 0.999999)", failure.Message, StringComparison.Ordinal);
        FallbackAssert.RatesAddUp(failure.Events, failure.Rates);
        Assert.Empty(FallbackAssert.OfKind(failure.Events, "bit_width"));
    }

    /// <summary>
    /// All widths fail. Purpose: an exhausted ladder tells every attempt. Input: 2 bits, 0.9999999 kept at every width. Expected: error
    /// with three attempts and two events of kind bit_width; nothing published.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_EveryWidthMissesItsThreshold_TellsEveryAttempt(ModelForm form)
    {
        QuantizationException failure = await _run.FailAsync(
            models.Gaussian(form), new() { BitWidth = 2, MinAccuracy = 0.9999999, KeepMinAccuracy = true });

        FallbackAssert.Attempts(failure.Attempts, (2, 0.9999999, false), (4, 0.9999999, false), (8, 0.9999999, false));
        foreach (QuantizationAttempt attempt in failure.Attempts)
        {
            string account = $"INT{attempt.BitWidth} accuracy {attempt.CosineSimilarity:0.######} (threshold 0.9999999)";
            Assert.Contains(account, failure.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["int2", "int4"], FallbackAssert.OfKind(failure.Events, "bit_width").Select(step => step.From));
        FallbackAssert.RatesAddUp(failure.Events, failure.Rates);
    }

    /// <summary>
    /// Early stop. Purpose: an attempt that cannot reach its threshold any more ends. Input: a real model, 2 bits, 0.99. Expected: the
    /// failed attempt measured fewer layers than the model has and says which mean was still reachable, below the threshold; thread count
    /// changes neither.
    /// </summary>
    [Fact]
    public async Task Quantize_ThresholdOutOfReach_StopsTheAttemptEarly()
    {
        DiffusionQuantConfig config = new() { BitWidth = 2, MinAccuracy = 0.99, NumThreads = 1 };
        QuantizationAttempt one = (await _run.RunAsync(models.Dit(ModelForm.Safetensors), config)).Attempts[0];
        using Quantizing again = new();
        QuantizationAttempt two = (await again.RunAsync(models.Dit(ModelForm.Safetensors), config with { NumThreads = 2 })).Attempts[0];

        Assert.InRange(one.LayersMeasured, 1, 19);
        Assert.InRange(one.BestReachable, one.CosineSimilarity, 0.99 - 1e-9);
        Assert.Equal(
            (one.LayersMeasured, one.BestReachable, one.CosineSimilarity), (two.LayersMeasured, two.BestReachable, two.CosineSimilarity));
        Assert.Contains("at best", one.FailureReason, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
