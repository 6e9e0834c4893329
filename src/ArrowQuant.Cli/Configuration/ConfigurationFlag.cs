using System.CommandLine;
using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>The command-line option of one setting.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Option">The option; of a switch, the one that turns it on.</param>
/// <param name="Negation">Of a switch, the option that turns it off, else null.</param>
internal sealed record ConfigurationFlag(ConfigurationSetting Setting, Option Option, Option<bool>? Negation)
{
    // The short names of the command line; every other option is the setting's name with dashes.
    private static readonly Dictionary<string, string> ShortNames = new()
    {
        ["deployment_profile"] = "profile",
        ["skip_sensitive_layers"] = "skip-sensitive",
        ["layer_bit_widths"] = "bits",
        ["num_threads"] = "threads",
        ["max_memory_mb"] = "max-memory",
        ["enable_time_aware"] = "time-aware",
        ["enable_spatial"] = "spatial",
        ["enable_streaming"] = "streaming",
        ["include_layers"] = "include",
        ["exclude_layers"] = "exclude",
    };

    /// <summary>Makes the option of a setting. The setting's whole name with dashes is accepted too.</summary>
    public static ConfigurationFlag Create(ConfigurationSetting setting)
    {
        string whole = setting.Name.Replace('_', '-');
        string name = ShortNames.GetValueOrDefault(setting.Name, whole);
        string[] aliases = name == whole ? [] : [whole];
        string description = $"{setting.Meaning}{DefaultOf(setting)}";
        if (setting.Kind == SettingKind.Switch)
        {
            return new(
                setting,
                Switch("--" + name, [.. aliases.Select(alias => "--" + alias)], description),
                Switch("--no-" + name, [.. aliases.Select(alias => "--no-" + alias)], description));
        }

        string[] names = [.. aliases.Select(alias => "--" + alias)];
        Option option = setting.IsScalar ? new Option<string>("--" + name, names) : new Option<string[]>("--" + name, names);
        option.Description = description;
        option.HelpName = PlaceholderOf(setting);
        option.Arity = setting.IsScalar ? ArgumentArity.ExactlyOne : ArgumentArity.OneOrMore;
        return new(setting, option, null);
    }

    private static Option<bool> Switch(string name, string[] aliases, string description) =>
        new(name, aliases) { Description = description, Arity = ArgumentArity.Zero };

    private static string DefaultOf(ConfigurationSetting setting) =>
        setting.IsScalar ? $" [default:\u00a0{setting.Default}]" : " (may be repeated)";

    private static string PlaceholderOf(ConfigurationSetting setting) => setting.Kind switch
    {
        SettingKind.Map => "RE=N",
        SettingKind.List => setting.Valid.StartsWith("regular", StringComparison.Ordinal) ? "RE" : "NAME",
        SettingKind.Memory => "SIZE",
        SettingKind.Real => "X",
        _ => setting.Valid.Contains("..", StringComparison.Ordinal) ? "N" : setting.Valid.Replace(", ", "|", StringComparison.Ordinal),
    };
}
