using System.CommandLine;
using System.Text.Json.Nodes;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>validate [ORIGINAL] QUANTIZED</c>: trusts nothing that the artefact says of itself.</summary>
internal sealed class ValidateCommand : CliCommand
{
    private readonly Argument _models;
    private readonly Option<string> _minAccuracy;
    private readonly Option<string> _calibration;

    public ValidateCommand()
        : base(
            "validate",
            "Decode a quantized model, recompute every figure, check structure and hashes",
            "arrowquant validate [ORIGINAL] QUANTIZED [options]")
    {
        _models = AddArgument(
            "[ORIGINAL] QUANTIZED", "The original (without it only structure and hashes are checked) and the artefact", most: 2);
        _minAccuracy = AddText("--min-accuracy", "X", "Accuracy that must be reached, 0..1 [default: the one in the artefact's report]");
        _calibration = AddText("--calibration", "PATH", "Calibration data, to recompute figures of layer outputs");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections =>
        [new("Options", HelpEntry.OfAll(_minAccuracy, _calibration))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Epilogue =>
    [
        "Exit codes: 0 all agrees; 3 bytes, structure or a reported figure disagree; 4 the accuracy is below the threshold.",
    ];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> models = context.TextsOf(_models);
        if (models.Count == 0) context.Errors.Add($"QUANTIZED is missing; usage: {Usage}");
        double? minAccuracy = ReadMinAccuracy(context);
        string? calibration = context.TextOf(_calibration);
        if (calibration is not null && models.Count == 1) context.Errors.Add("--calibration: needs the original model as well");
        if (minAccuracy is not null && models.Count == 1) context.Errors.Add("--min-accuracy: needs the original model as well");
        IQuantizationService service = context.CreateService();
        context.ThrowIfWrong();

        ValidateRequest request = new(models.Count == 2 ? models[0] : null, models[^1], minAccuracy, calibration);
        ValidationReport report = service.Validate(request, cancellationToken);
        int exitCode = ExitCodeOf(report);
        if (context.WantsJson) await context.Host.Output.WriteAsync(ToJson(report, request, exitCode));
        else ValidationText.Write(context.Report, report, request);
        if (exitCode != ExitCodes.Done) context.Diagnostics.Error(Summary(report, request));
        return exitCode;
    }

    private static int ExitCodeOf(ValidationReport report) => report switch
    {
        { StructureOk: false } => ExitCodes.Data,
        { QualityOk: false } => ExitCodes.Quality,
        { Passed: false } => ExitCodes.Data,
        _ => ExitCodes.Done,
    };

    private static string Summary(ValidationReport report, ValidateRequest request) => ExitCodeOf(report) == ExitCodes.Quality
        ? $"{request.QuantizedPath}: accuracy {FigureText.Accuracy(report.CosineSimilarity ?? double.NaN)} does not pass the gate; "
            + $"the threshold is {FigureText.Accuracy(report.MinAccuracy ?? double.NaN)} ({report.MinAccuracyOrigin})"
        : $"{request.QuantizedPath}: {FigureText.Count(report.Problems.Count, "problem")}"
            + (report.Problems.Count > 0 ? $", the first: {report.Problems[0]}" : "");

    // A failed check is a result and a failure: its document has the fields of both.
    private static string ToJson(ValidationReport report, ValidateRequest request, int exitCode)
    {
        string json = PipelineJson.Serialize(report);
        if (exitCode == ExitCodes.Done) return json;
        string kind = exitCode == ExitCodes.Quality ? "quality" : "model_format";
        ErrorDocument failure = new(
            new(kind, OneLine.Of(Summary(report, request)), request.QuantizedPath, null, exitCode, null),
            [],
            new([], new Dictionary<string, Fallback.FallbackRate>()));
        JsonObject document = JsonNode.Parse(failure.ToJson())!.AsObject();
        foreach ((string name, JsonNode? value) in JsonNode.Parse(json)!.AsObject()) document[name] = value?.DeepClone();
        return document.ToJsonString(ErrorJsonContext.Readable.Options) + "\n";
    }

    private double? ReadMinAccuracy(CommandContext context)
    {
        if (context.TextOf(_minAccuracy) is not { } text) return null;
        ConfigurationSetting setting = ConfigurationSettings.Find("min_accuracy")!;
        IReadOnlyList<string> problems = setting.TryApply(new(), text, out DiffusionQuantConfig read, out string? unread)
            ? setting.Check(read)
            : [unread];
        context.Errors.AddRange(problems.Select(problem => $"--min-accuracy: {problem}"));
        return read.MinAccuracy;
    }
}
