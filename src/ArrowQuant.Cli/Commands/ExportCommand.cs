using System.CommandLine;
using System.Globalization;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Configuration;
using ArrowQuant.Exports;
using ArrowQuant.Tensors;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>export ARTEFACT --format F -o DIR</c>: hands a quantized model to other runtimes.</summary>
internal sealed class ExportCommand : CliCommand
{
    private static readonly (string Name, ExportFormat Value)[] Formats =
        [("gguf", ExportFormat.Gguf), ("safetensors", ExportFormat.SafeTensors), ("onnx", ExportFormat.Onnx)];

    private static readonly (string Name, ElementType Value)[] Dtypes =
        [("f16", ElementType.F16), ("bf16", ElementType.BF16), ("f32", ElementType.F32)];

    private static readonly (string Name, ExportPacking Value)[] Packings =
        [("none", ExportPacking.None), ("compressed-tensors", ExportPacking.CompressedTensors)];

    private readonly Argument _artefact;
    private readonly Option<string> _format;
    private readonly Option<string> _output;
    private readonly Option<bool> _force;
    private readonly Option<string> _source;
    private readonly Option<string> _dtype;
    private readonly Option<string> _packing;
    private readonly Option<string> _shardSize;
    private readonly Option<string> _architecture;
    private readonly Option<string> _errorShare;
    private readonly Option<bool> _reshape;

    public ExportCommand()
        : base(
            "export",
            "Write a quantized model in the format of another runtime, decode it again and report the difference",
            "arrowquant export ARTEFACT --format gguf|safetensors|onnx -o DIR [options]")
    {
        _artefact = AddArgument("ARTEFACT", "The folder of a quantized model");
        _format = AddText("--format", "F", "gguf, safetensors or onnx");
        _output = AddText("--output", "DIR", "The folder that the export goes into; must not exist unless --force", "-o");
        _force = AddSwitch("--force", "Replace an export that is already at DIR");
        _source = AddText("--source", "MODEL", "The ONNX model that was quantized; its graph is taken, the file is not changed");
        _dtype = AddText("--dtype", "T", "Type of dequantized values and packed scales: f16, bf16 or f32 [default: f16]");
        _packing = AddText("--packing", "P", "none dequantizes; compressed-tensors packs the layers that fit it [default: none]");
        _shardSize = AddText("--shard-size", "SIZE", "Bytes of tensors in one file, such as 2GiB [default: 5GB]");
        _architecture = AddText("--architecture", "NAME", "Value of general.architecture [default: found from the names of the tensors]");
        _errorShare = AddText(
            "--error-share", "X", "Error that a type may add to a layer, as a share of the error of quantizing it, 0..1 [default: 0.25]");
        _reshape = AddSwitch("--reshape", "Quantize convolution weights as matrices, with their shape for ComfyUI-GGUF");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections =>
    [
        new("Options", HelpEntry.OfAll(_format, _output, _force)),
        new("Options of safetensors", HelpEntry.OfAll(_dtype, _packing, _shardSize)),
        new("Options of onnx", HelpEntry.OfAll(_source)),
        new("Options of gguf", HelpEntry.OfAll(_architecture, _errorShare, _reshape)),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Epilogue =>
    [
        "Examples:",
        "  arrowquant export model-int4 --format gguf -o model-gguf",
        "  arrowquant export model-int4 --format safetensors --packing compressed-tensors -o model-packed",
        "  arrowquant export model-int4 --format onnx --source model.onnx -o model-onnx",
    ];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string artefact = context.Required(_artefact, Usage);
        string? output = context.TextOf(_output);
        if (string.IsNullOrEmpty(output)) context.Errors.Add($"--output DIR is missing; usage: {Usage}");
        else if (Path.GetExtension(output) is ".gguf" or ".safetensors" or ".onnx" && !Directory.Exists(output))
            context.Errors.Add($"--output: {output} looks like a file; an export is a folder, name one");
        ExportOptions options = ReadOptions(context);
        IQuantizationService service = context.CreateService();
        context.ThrowIfWrong();

        ExportReport report = service.Export(new(artefact, output!, options), cancellationToken);
        if (context.WantsJson) await context.Host.Output.WriteAsync(report.ToJson());
        else ExportText.Write(context.Report, report, output!);
        return ExitCodes.Done;
    }

    private ExportOptions ReadOptions(CommandContext context)
    {
        if (context.TextOf(_format) is null) context.Errors.Add($"--format is missing; valid: {Names(Formats)}");
        ExportOptions options = new() { Format = Choice(context, _format, Formats, ExportFormat.Gguf), Force = context.IsGiven(_force) };
        RefuseForeign(context, options.Format);
        return options with
        {
            SourcePath = context.TextOf(_source),
            Dtype = Choice(context, _dtype, Dtypes, options.Dtype),
            Packing = Choice(context, _packing, Packings, options.Packing),
            ShardBytes = ReadShardSize(context) ?? options.ShardBytes,
            Architecture = context.TextOf(_architecture),
            ErrorShare = ReadErrorShare(context) ?? options.ErrorShare,
            ReshapeConvolutions = context.IsGiven(_reshape),
        };
    }

    // An option of another format would have no effect, which its user should know.
    private void RefuseForeign(CommandContext context, ExportFormat format)
    {
        if (!Formats.Any(known => known.Name == context.TextOf(_format))) return;
        (ExportFormat Format, string Name, Option[] Options)[] own =
        [
            (ExportFormat.SafeTensors, "safetensors", [_dtype, _packing, _shardSize]),
            (ExportFormat.Onnx, "onnx", [_source]),
            (ExportFormat.Gguf, "gguf", [_architecture, _errorShare, _reshape]),
        ];
        foreach ((_, string name, Option[] options) in own.Where(entry => entry.Format != format))
            context.Errors.AddRange(options.Where(context.IsGiven).Select(option => $"{option.Name}: is for --format {name} only"));
    }

    private long? ReadShardSize(CommandContext context)
    {
        if (context.TextOf(_shardSize) is not { } text) return null;
        if (MemorySize.TryParseMebibytes(text, out long mebibytes) && mebibytes is > 0 and <= MemorySize.LargestMebibytes)
            return mebibytes << 20;
        context.Errors.Add($"--shard-size: {text} is not valid; valid: an amount of at least 1 MiB, such as 2GiB");
        return null;
    }

    private double? ReadErrorShare(CommandContext context)
    {
        if (context.TextOf(_errorShare) is not { } text) return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is >= 0 and <= 1)
            return share;
        context.Errors.Add($"--error-share: {text} is not valid; valid: a number from 0 to 1");
        return null;
    }

    private static T Choice<T>(CommandContext context, Option<string> option, (string Name, T Value)[] choices, T absent)
    {
        if (context.TextOf(option) is not { } text) return absent;
        foreach ((string name, T value) in choices)
        {
            if (name == text) return value;
        }

        context.Errors.Add($"{option.Name}: {text} is not valid; valid: {Names(choices)}");
        return absent;
    }

    private static string Names<T>((string Name, T Value)[] choices) => string.Join(", ", choices.Select(choice => choice.Name));
}
