using ArrowQuant.Cli.Configuration;
using ArrowQuant.Cli.Rendering;

namespace ArrowQuant.Cli.Commands;

/// <summary><c>config show</c>: the effective configuration with the origin of each value.</summary>
internal sealed class ConfigShowCommand : CliCommand
{
    private readonly ConfigurationOptions _configuration;

    public ConfigShowCommand()
        : base("show", "Print the effective configuration with the origin of each value", "arrowquant config show [options]") =>
        _configuration = new ConfigurationOptions(Definition, readsFiles: true);

    /// <inheritdoc/>
    public override IReadOnlyList<HelpSection> Sections => [_configuration.Section];

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        EffectiveConfiguration effective = _configuration.Read(context);
        EnvironmentConfiguration.ReadKernels(context.Host.Environment, context.Errors);
        context.ThrowIfWrong();
        if (context.WantsJson) await context.Host.Output.WriteAsync(ConfigurationText.ToJson(effective));
        else ConfigurationText.Write(context.Report, effective);
        return ExitCodes.Done;
    }
}
