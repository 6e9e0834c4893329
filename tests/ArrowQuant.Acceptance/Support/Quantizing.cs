using ArrowQuant.Configuration;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Support;

/// <summary>One folder to work in, and short forms of what most tests do in it.</summary>
public sealed class Quantizing : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>A run that uses no calibration data even where it lies beside the model.</summary>
    public static QuantizationRunOptions WithoutCalibration { get; } = new() { NoCalibration = true };

    /// <summary>Where the artefact goes: a folder in an otherwise empty one.</summary>
    public string Output => _folder.PathOf("work", "out");

    /// <summary>The folder around <see cref="Output"/>, where leftovers would lie.</summary>
    public string Around => _folder.PathOf("work");

    /// <summary>A folder beside <see cref="Around"/> for inputs.</summary>
    public string Inputs => _folder.CreateFolder("inputs");

    /// <summary>Everything that was logged.</summary>
    public RecordingLogger Logger { get; } = new();

    /// <summary>Quantizes into <see cref="Output"/>, without calibration data unless <paramref name="options"/> say otherwise.</summary>
    public Task<QuantizationResult> RunAsync(
        string model, DiffusionQuantConfig config, QuantizationRunOptions? options = null, string? kernels = null) =>
        new DiffusionQuantizer(Logger, kernels).QuantizeAsync(
            model, Output, config, options ?? WithoutCalibration, null, TestContext.Current.CancellationToken);

    /// <summary>Quantizes a model that must not pass, and checks that nothing is left behind.</summary>
    public async Task<QuantizationException> FailAsync(string model, DiffusionQuantConfig config, QuantizationRunOptions? options = null)
    {
        string[] before = FolderState.Of(Around);
        QuantizationException failure = await Assert.ThrowsAsync<QuantizationException>(() => RunAsync(model, config, options));
        Assert.Equal(before, FolderState.Of(Around));
        Assert.DoesNotContain('\n', failure.Message);
        return failure;
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
