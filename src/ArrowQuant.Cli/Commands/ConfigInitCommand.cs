using System.CommandLine;
using System.Text.Json.Nodes;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Cli.Rendering;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>config init</c>: writes a commented YAML file.</summary>
internal sealed class ConfigInitCommand : CliCommand
{
    private const string DefaultPath = "arrowquant.yaml";
    private readonly Option<string> _output;
    private readonly Option<bool> _force;
    private readonly ConfigurationOptions _configuration;

    public ConfigInitCommand()
        : base("init", "Write a commented YAML file of every setting", "arrowquant config init [-o FILE] [options]")
    {
        _output = AddText("--output", "FILE", $"The file to write [default: {DefaultPath}]", "-o");
        _force = AddSwitch("--force", "Overwrite the file");
        _configuration = new ConfigurationOptions(Definition, readsFiles: false);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections =>
        [new("Options", [HelpEntry.Of(_output), HelpEntry.Of(_force)]), _configuration.Section];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        string path = context.TextOf(_output) ?? DefaultPath;
        if (path.Length == 0) context.Errors.Add("--output: an empty value is not valid; valid: a path");
        EffectiveConfiguration effective = _configuration.Read(context);
        context.ThrowIfWrong();
        TextFile.Write(path, YamlConfigurationWriter.Write(effective.Config), context.IsGiven(_force));
        await context.Host.Output.WriteAsync(
            context.WantsJson ? new JsonObject { ["path"] = path }.ToJsonString() + "\n" : $"written: {path}\n");
        return ExitCodes.Done;
    }
}
