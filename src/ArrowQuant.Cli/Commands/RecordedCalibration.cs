using ArrowQuant.Configuration;
using ArrowQuant.Onnx;

namespace ArrowQuant.Cli.Commands;

/// <summary>Calibration data that a run of <c>quantize</c> records for itself; it disappears with the run unless its user keeps it.</summary>
internal sealed class RecordedCalibration : IDisposable
{
    private const string NoiseName = "noise";

    private readonly string? _inputs;
    private readonly string? _kept;
    private DirectoryInfo? _folder;

    private RecordedCalibration(string? inputs, string? kept)
    {
        _inputs = inputs;
        _kept = kept;
    }

    /// <summary>Whether anything is recorded.</summary>
    public bool IsWanted => _inputs is not null;

    /// <summary>The file with what was recorded.</summary>
    public string Path { get; private set; } = "";

    /// <summary>What the command line asks for.</summary>
    /// <param name="inputs">A file with inputs, <c>noise</c>, or null for nothing.</param>
    /// <param name="kept">Where the data is kept, or null.</param>
    public static RecordedCalibration Of(string? inputs, string? kept) => new(inputs, kept);

    /// <summary>Runs the model.</summary>
    public void Record(
        IQuantizationService service, string model, DiffusionQuantConfig config, CommandContext context, CancellationToken cancellationToken)
    {
        _folder = _kept is null ? Directory.CreateTempSubdirectory("arrowquant-calibration-") : null;
        Path = _kept ?? System.IO.Path.Combine(_folder!.FullName, "calibration.safetensors");
        var options = new OnnxCalibrationOptions { InputsPath = _inputs == NoiseName ? null : _inputs };
        // As many rows as quantizing takes at most, when there are as many runs as there are timesteps of noise.
        int wanted = (int)Math.Min(int.MaxValue, (long)config.CalibrationSamples * config.NumTimeGroups);
        options = options with { RowsPerRun = Math.Max(1, (wanted + options.Timesteps - 1) / options.Timesteps) };
        OnnxCalibrationResult result = service.Record(model, Path, options, cancellationToken);
        if (context.IsGiven(context.Common.Quiet)) return;
        context.Diagnostics.Line($"recorded {result.Rows} rows of {result.Layers} layers in {result.Runs} runs of the model");
        if (result.Unrecorded.Count > 0)
            context.Diagnostics.Warning($"{result.Unrecorded.Count} layers have inputs that are not recorded: {string.Join(", ", result.Unrecorded.Take(8))}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_folder is { Exists: true }) _folder.Delete(recursive: true);
    }
}
