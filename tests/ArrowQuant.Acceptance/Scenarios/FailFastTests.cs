using ArrowQuant.Acceptance.Support;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;

namespace ArrowQuant.Acceptance.Scenarios;

/// <summary>Fail-fast, and configurations that are refused before any work.</summary>
public sealed class FailFastTests(TestModels models) : IDisposable
{
    private readonly Quantizing _run = new();

    /// <summary>
    /// fail_fast. Purpose: no other width is tried. Input: real weights at 2 bits and 0.99, and outlier weights at 4 bits and 0.98.
    /// Expected: QuantizationException with exactly one attempt, the accuracy, the threshold, that fail-fast was on and that no fallback
    /// was attempted; nothing at the output path or beside it.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors, 2, 0.99)]
    [InlineData(ModelForm.V2Extended, 2, 0.99)]
    [InlineData(ModelForm.Safetensors, 4, 0.98)]
    [InlineData(ModelForm.V2Extended, 4, 0.98)]
    public async Task Quantize_FailFast_StopsAfterTheFirstAttempt(ModelForm form, int bits, double minAccuracy)
    {
        string model = bits == 2 ? models.Dit(form) : models.Outliers(form);
        QuantizationException failure = await _run.FailAsync(model, new() { BitWidth = bits, MinAccuracy = minAccuracy, FailFast = true });

        FallbackAssert.Attempts(failure.Attempts, (bits, minAccuracy, false));
        Assert.Contains(
            $"INT{bits} reached accuracy {failure.Attempts[0].CosineSimilarity:0.######}", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"threshold {minAccuracy}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("fail-fast is on, no fallback was attempted", failure.Message, StringComparison.Ordinal);
        Assert.Empty(FallbackAssert.OfKind(failure.Events, "bit_width"));
        FallbackAssert.RatesAddUp(failure.Events, failure.Rates);
    }

    /// <summary>
    /// fail_fast through the command line. Purpose: scripts can tell it. Input: as above. Expected: exit code 4, one error line.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors, 2, "0.99")]
    [InlineData(ModelForm.V2Extended, 2, "0.99")]
    [InlineData(ModelForm.Safetensors, 4, "0.98")]
    [InlineData(ModelForm.V2Extended, 4, "0.98")]
    public async Task Tool_FailFast_ExitsWith4(ModelForm form, int bits, string minAccuracy)
    {
        string model = bits == 2 ? models.Dit(form) : models.Outliers(form);
        ToolRun run = await Tool.RunAsync(
        [
            "quantize", model, "-o", _run.Output, "--calibration", "none", "--bit-width", $"{bits}",
            "--min-accuracy", minAccuracy, "--fail-fast",
        ]);

        Assert.Equal(4, run.ExitCode);
        Assert.Contains("fail-fast is on", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_run.Around));
    }

    /// <summary>
    /// Output path as before. Purpose: a failed run never touches an artefact that is there. Input: a published artefact, then a run with
    /// --force that fails, then one that passes. Expected: after the failure every byte is as before; after the success it is replaced.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_FailsOverAnArtefact_LeavesItUntouched(ModelForm form)
    {
        await _run.RunAsync(models.Gaussian(form), new() { BitWidth = 4 });
        string[] before = FolderState.Of(_run.Around);
        QuantizationRunOptions options = Quantizing.WithoutCalibration with { Force = true };

        await _run.FailAsync(models.Gaussian(form), new() { BitWidth = 2, MinAccuracy = 0.99, FailFast = true }, options);
        Assert.Equal(before, FolderState.Of(_run.Around));

        QuantizationResult result = await _run.RunAsync(models.Gaussian(form), new() { BitWidth = 8 }, options);
        Assert.Equal(8, result.BitWidth);
        Assert.Equal([_run.Output], Directory.GetFileSystemEntries(_run.Around));
    }

    /// <summary>
    /// Fail-fast and the replacement of methods. Purpose: fail-fast concerns widths only. Input: a text model without calibration data,
    /// fail-fast on. Expected: time_aware gives way to base and the run passes in one attempt.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Quantize_FailFastWithAFailingEnhancement_StillReplacesIt(ModelForm form)
    {
        QuantizationResult result = await _run.RunAsync(models.Llada(form), new() { BitWidth = 4, FailFast = true });

        FallbackAssert.Attempts(result.Attempts, (4, 0.85, true));
        Assert.All(result.Fallback.Events, happened => Assert.Equal(("time_aware", "base"), (happened.From, happened.To)));
        Assert.Equal(result.Layers.Count, result.Fallback.Events.Count);
    }

    /// <summary>
    /// config_validation. Purpose: a wrong configuration is found before the model is opened, all errors at once. Input: 3 bits, group size
    /// 100 and threshold 1.5 on a path where no model is. Expected: ConfigurationException that names each setting, its value and the valid
    /// ones, and says nothing of the path.
    /// </summary>
    [Fact]
    public async Task Quantize_WrongConfiguration_IsRefusedBeforeTheModelIsOpened()
    {
        ConfigurationException error = await Assert.ThrowsAsync<ConfigurationException>(() => _run.RunAsync(
            Path.Combine(_run.Inputs, "nowhere"), new() { BitWidth = 3, GroupSize = 100, MinAccuracy = 1.5 }));

        Assert.Equal(3, error.Errors.Count);
        (string Name, string Value)[] wrong = [("bit_width", "2, 4, 8"), ("group_size", "100"), ("min_accuracy", "1.5")];
        Assert.All(wrong, setting => Assert.Single(error.Errors, line =>
            line.Contains(setting.Name, StringComparison.Ordinal) && line.Contains(setting.Value, StringComparison.Ordinal)));
        Assert.DoesNotContain("nowhere", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// config_validation on models of both forms. Input: 3 bits. Expected: exit code 2, one line with the flag, the value and the valid
    /// ones; nothing written.
    /// </summary>
    [Theory]
    [InlineData(ModelForm.Safetensors)]
    [InlineData(ModelForm.V2Extended)]
    public async Task Tool_ThreeBits_ExitsWith2(ModelForm form)
    {
        ToolRun run = await Tool.RunAsync(["quantize", models.Gaussian(form), "-o", _run.Output, "--bit-width", "3"]);

        Assert.Equal(2, run.ExitCode);
        string line = Assert.Single(run.Errors);
        Assert.Contains("--bit-width", line, StringComparison.Ordinal);
        Assert.Contains("3", line, StringComparison.Ordinal);
        Assert.Contains("2, 4, 8", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_run.Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
