using System.CommandLine;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Pipeline;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>inspect MODEL</c>: lists any readable model without reading the weights.</summary>
internal sealed class InspectCommand : CliCommand
{
    private readonly Argument _model;
    private readonly Option<string> _variant;

    public InspectCommand()
        : base("inspect", "List tensors, shapes, types, bit widths, sizes and accuracy of any model", "arrowquant inspect MODEL [options]")
    {
        _model = AddArgument("MODEL", "Any readable model, quantized or not");
        _variant = AddText("--variant", "V", "File variant of a diffusers folder, such as fp16");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections => [new("Options", [HelpEntry.Of(_variant)])];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string model = context.Required(_model, Usage);
        IQuantizationService service = context.CreateService();
        context.ThrowIfWrong();
        ModelInspection inspection = service.Inspect(model, context.TextOf(_variant));
        if (context.WantsJson) await context.Host.Output.WriteAsync(PipelineJson.Serialize(inspection));
        else InspectionText.Write(context.Report, inspection);
        return ExitCodes.Done;
    }
}
