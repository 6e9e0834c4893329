using System.CommandLine;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>quantize MODEL -o DIR</c>: the main job.</summary>
internal sealed class QuantizeCommand : CliCommand
{
    private readonly Argument _model;
    private readonly Option<string> _output;
    private readonly Option<string> _calibration;
    private readonly Option<string> _calibrateOnnx;
    private readonly Option<string> _calibrationOutput;
    private readonly Option<string> _variant;
    private readonly Option<bool> _dryRun;
    private readonly Option<bool> _force;
    private readonly Option<bool> _resume;
    private readonly Option<string> _reuse;
    private readonly Option<bool> _allowRequantize;
    private readonly Option<bool> _sha256;
    private readonly ConfigurationOptions _configuration;

    public QuantizeCommand()
        : base("quantize", "Quantize a model to INT2, INT4 or INT8 behind a quality gate", "arrowquant quantize MODEL -o DIR [options]")
    {
        _model = AddArgument("MODEL", "Safetensors file or folder, ONNX file, Parquet model, or diffusers folder");
        _output = AddText("--output", "DIR", "Where the quantized model goes; must not exist unless --force", "-o");
        _calibration = AddText("--calibration", "PATH|none", "Calibration data; none uses no data even when it lies beside the model");
        _calibrateOnnx = AddText(
            "--calibrate-onnx", "INPUTS|noise", "Record calibration data first: run the ONNX model on inputs (safetensors), or let it denoise noise");
        _calibrationOutput = AddText("--calibration-output", "FILE", "Keep what --calibrate-onnx recorded, for validate and other runs");
        _variant = AddText("--variant", "V", "File variant of a diffusers folder, such as fp16");
        _dryRun = AddSwitch("--dry-run", "Print the plan (layers, methods, what is kept and why, predicted size) and stop");
        _force = AddSwitch("--force", "Replace an artefact that is already at DIR");
        _resume = AddSwitch(
            "--resume", "Keep finished blocks beside DIR until it is published, and go on from those that an earlier run left");
        _reuse = AddText("--reuse", "DIR", "Take unchanged layers over from an artefact of an earlier state of the model");
        _allowRequantize = AddSwitch("--allow-requantize", "Accept a model that is already quantized");
        _sha256 = AddSwitch("--sha256", "Store SHA-256 hashes as well");
        _configuration = new ConfigurationOptions(Definition, readsFiles: true);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections =>
    [
        new("Options", HelpEntry.OfAll(
            _output, _calibration, _calibrateOnnx, _calibrationOutput, _variant, _dryRun, _force, _resume, _reuse, _allowRequantize, _sha256)),
        _configuration.Section,
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Epilogue =>
    [
        "Precedence: command line, environment, YAML file, profile, defaults.",
        "When the width does not reach --min-accuracy, the next larger one is tried: INT2, INT4, INT8. --fail-fast stops instead.",
        "",
        "Examples:",
        "  arrowquant quantize model.safetensors -o model-int4",
        "  arrowquant quantize model/ -o model-int2 --bit-width 2 --min-accuracy 0.9 --calibration samples.safetensors",
        "  arrowquant quantize model/ --profile edge --dry-run",
        "  arrowquant quantize model.onnx -o model-int4 --calibrate-onnx noise",
    ];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string model = context.Required(_model, Usage);
        string? output = context.TextOf(_output);
        bool isDryRun = context.IsGiven(_dryRun);
        if (string.IsNullOrEmpty(output) && !isDryRun) context.Errors.Add($"--output DIR is missing; usage: {Usage}");
        EffectiveConfiguration effective = _configuration.Read(context);
        QuantizationRunOptions options = ReadOptions(context, effective);
        IQuantizationService service = context.CreateService();
        context.ThrowIfWrong();

        using RecordedCalibration recorded = RecordedCalibration.Of(context.TextOf(_calibrateOnnx), context.TextOf(_calibrationOutput));
        if (recorded.IsWanted)
        {
            // What is wrong with the model or the configuration is found before the model is run.
            service.Plan(new(model, effective.Config, options with { NoCalibration = true }));
            recorded.Record(service, model, effective.Config, context, cancellationToken);
            options = options with { CalibrationPath = recorded.Path };
        }

        QuantizeRequest request = new(model, effective.Config, options);
        if (isDryRun)
        {
            QuantizationPlan plan = service.Plan(request);
            if (context.WantsJson) await context.Host.Output.WriteAsync(PipelineJson.Serialize(plan));
            else PlanText.Write(context.Report, plan);
            return ExitCodes.Done;
        }

        QuantizationResult result = await RunAsync(service, request, output!, context, cancellationToken);
        if (context.WantsJson) await context.Host.Output.WriteAsync(ReportJson.Serialize(result));
        else QuantizationText.Write(context.Report, result);
        return ExitCodes.Done;
    }

    private static async Task<QuantizationResult> RunAsync(
        IQuantizationService service, QuantizeRequest request, string output, CommandContext context, CancellationToken cancellationToken)
    {
        if (context.IsGiven(context.Common.Quiet)) return await service.QuantizeAsync(request, output, null, cancellationToken);
        using ProgressDisplay progress = new(context.Diagnostics, context.Host.Clock);
        return await service.QuantizeAsync(request, output, progress, cancellationToken);
    }

    private QuantizationRunOptions ReadOptions(CommandContext context, EffectiveConfiguration effective)
    {
        string? calibration = context.TextOf(_calibration);
        bool hasNone = calibration == "none";
        if (calibration is not null && context.IsGiven(_calibrateOnnx))
            context.Errors.Add("--calibrate-onnx: records calibration data itself; leave out --calibration");
        if (context.IsGiven(_calibrationOutput) && !context.IsGiven(_calibrateOnnx))
            context.Errors.Add("--calibration-output: is for --calibrate-onnx only");
        if (context.TextOf(_calibrateOnnx) is "")
            context.Errors.Add("--calibrate-onnx: an empty value is not valid; valid: a safetensors file with inputs of the model, or noise");
        if (context.TextOf(_calibrationOutput) is { } kept && !kept.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            context.Errors.Add($"--calibration-output: {kept} is not valid; valid: the name of a *.safetensors file");
        if (calibration is "") context.Errors.Add("--calibration: an empty value is not valid; valid: a path, or none");
        if (hasNone && effective.Config.AccuracyMetric == AccuracyMetric.Output)
            context.Errors.Add($"--calibration: none cannot serve accuracy_metric output ({effective.Origins["accuracy_metric"]}); "
                + "give calibration data, or use auto or weight");
        return new()
        {
            CalibrationPath = hasNone ? null : calibration,
            NoCalibration = hasNone,
            Variant = context.TextOf(_variant),
            AllowRequantize = context.IsGiven(_allowRequantize),
            Sha256 = context.IsGiven(_sha256),
            Force = context.IsGiven(_force),
            Resume = context.IsGiven(_resume),
            ReusePath = context.TextOf(_reuse),
        };
    }
}
