using System.CommandLine;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Commands;

/// <summary>The configuration part of a command: an option for every setting and, where files count, <c>--config</c>.</summary>
internal sealed class ConfigurationOptions
{
    private readonly FlagConfiguration _flags = new();
    private readonly Option<string> _file = new("--config")
    {
        Description = "YAML file of settings; see arrowquant config init",
        HelpName = "FILE",
        Arity = ArgumentArity.ExactlyOne,
    };

    private readonly bool _readsFiles;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="readsFiles">Whether a YAML file and the environment count too.</param>
    public ConfigurationOptions(Command command, bool readsFiles)
    {
        _readsFiles = readsFiles;
        if (readsFiles) command.Add(_file);
        _flags.AddTo(command);
    }

    /// <summary>The options as a section of the help.</summary>
    public HelpSection Section => new(
        "Configuration (each also a name in a YAML file and a variable ARROW_QUANT_<NAME>)",
        [.. _readsFiles ? [HelpEntry.Of(_file)] : Array.Empty<HelpEntry>(), .. _flags.Flags.Select(EntryOf)]);

    /// <summary>Reads every level and merges them; what is wrong joins the context's errors.</summary>
    public EffectiveConfiguration Read(CommandContext context)
    {
        List<string> errors = context.Errors;
        List<IReadOnlyList<ConfigurationValue>> levels = [];
        if (_readsFiles)
        {
            if (context.TextOf(_file) is { } path) levels.Add(YamlConfigurationReader.ReadFile(path, errors));
            levels.Add(EnvironmentConfiguration.Read(context.Host.Environment, errors));
        }

        levels.Add(_flags.Read(context.Parsed, errors));
        return ConfigurationMerge.Merge(levels, errors);
    }

    private static HelpEntry EntryOf(ConfigurationFlag flag) => flag.Setting.Kind == SettingKind.Switch
        ? new("--[no-]" + flag.Option.Name[2..], flag.Option.Description ?? "")
        : HelpEntry.Of(flag.Option);
}
