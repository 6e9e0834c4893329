using System.CommandLine;
using System.Text.Json.Nodes;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Exports.Html;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>report DIR -o FILE</c>: the report of an artefact as a page for people.</summary>
internal sealed class ReportCommand : CliCommand
{
    private const string StandardOutput = "-";
    private readonly Argument _artefact;
    private readonly Option<string> _output;
    private readonly Option<bool> _force;

    public ReportCommand()
        : base("report", "Write the report of a quantized model as one HTML page that loads nothing", "arrowquant report DIR -o FILE [options]")
    {
        _artefact = AddArgument("DIR", "A quantized model, as quantize published it");
        _output = AddText("--output", "FILE", "The page to write; - is standard output", "-o");
        _force = AddSwitch("--force", "Overwrite the file");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections => [new("Options", HelpEntry.OfAll(_output, _force))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Epilogue =>
    [
        "The page has everything inside it and can be sent as it is. An artefact whose report does not tell what is stored is refused.",
    ];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string artefact = context.Required(_artefact, Usage);
        string output = context.TextOf(_output) ?? "";
        if (output.Length == 0) context.Errors.Add($"--output FILE is missing; usage: {Usage}");
        if (output == StandardOutput && context.WantsJson)
            context.Errors.Add("--json: the page is on standard output already; name a file");
        context.ThrowIfWrong();
        string page = HtmlReport.Render(artefact);
        if (output == StandardOutput)
        {
            await context.Host.Output.WriteAsync(page);
            return ExitCodes.Done;
        }

        TextFile.Write(output, page, context.IsGiven(_force));
        await context.Host.Output.WriteAsync(
            context.WantsJson ? new JsonObject { ["path"] = output }.ToJsonString() + "\n" : $"written: {output}\n");
        return ExitCodes.Done;
    }
}
