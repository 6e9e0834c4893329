using System.CommandLine;
using System.CommandLine.Parsing;
using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>The command-line options of every setting, and <c>--config</c>.</summary>
internal sealed class FlagConfiguration
{
    /// <summary>The options in the order of the settings.</summary>
    public IReadOnlyList<ConfigurationFlag> Flags { get; } = [.. ConfigurationSettings.All.Select(ConfigurationFlag.Create)];

    /// <summary>Adds every option to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (ConfigurationFlag flag in Flags)
        {
            command.Add(flag.Option);
            if (flag.Negation is not null) command.Add(flag.Negation);
        }
    }

    /// <summary>Every value that the command line gives; the origin is the option as it was typed.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="errors">Receives a line for a switch that is turned on and off.</param>
    public IReadOnlyList<ConfigurationValue> Read(ParseResult parsed, List<string> errors)
    {
        List<ConfigurationValue> values = [];
        foreach (ConfigurationFlag flag in Flags)
        {
            OptionResult? given = Given(parsed, flag.Option);
            OptionResult? negated = flag.Negation is null ? null : Given(parsed, flag.Negation);
            IReadOnlyList<string> items = flag.Negation is null ? [.. (given?.Tokens ?? []).Select(token => token.Value)] : ["true"];
            if (given is not null && negated is not null)
                errors.Add($"{NameOf(given)}: given together with {NameOf(negated)}; give one of them");
            else if (negated is not null)
                values.Add(new(flag.Setting, ["false"], NameOf(negated)));
            else if (given is not null && !HasWrongCount(flag, given))
                values.Add(new(flag.Setting, items, NameOf(given)));
        }

        return values;
    }

    private static OptionResult? Given(ParseResult parsed, Option option) =>
        parsed.GetResult(option) is { Implicit: false } given ? given : null;

    // The parser has told this error already.
    private static bool HasWrongCount(ConfigurationFlag flag, OptionResult given) =>
        flag.Negation is null && (flag.Setting.IsScalar ? given.Tokens.Count != 1 : given.Tokens.Count == 0);

    private static string NameOf(OptionResult result) => result.IdentifierToken?.Value ?? result.Option.Name;
}
