using System.CommandLine;

namespace ArrowQuant.Cli.Commands;

/// <summary>One command of the tool.</summary>
internal abstract class CliCommand
{
    private protected CliCommand(string name, string description, string usage)
    {
        Definition = new Command(name, description) { TreatUnmatchedTokensAsErrors = false };
        Usage = usage;
    }

    /// <summary>Its arguments and options.</summary>
    public Command Definition { get; }

    /// <summary>One line: <c>arrowquant inspect MODEL</c>.</summary>
    public string Usage { get; }

    /// <summary>The options in the sections of the help.</summary>
    public abstract IReadOnlyList<HelpSection> Sections { get; }

    /// <summary>Lines that end the help: examples and facts worth knowing.</summary>
    public virtual IReadOnlyList<string> Epilogue => [];

    /// <summary>Runs it.</summary>
    /// <returns>The exit code.</returns>
    public abstract Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken);

    /// <summary>A switch of this command.</summary>
    private protected Option<bool> AddSwitch(string name, string description)
    {
        Option<bool> option = new(name) { Description = description, Arity = ArgumentArity.Zero };
        Definition.Add(option);
        return option;
    }

    /// <summary>An option of this command that takes one text.</summary>
    private protected Option<string> AddText(string name, string placeholder, string description, params string[] aliases)
    {
        Option<string> option = new(name, aliases) { Description = description, HelpName = placeholder, Arity = ArgumentArity.ExactlyOne };
        Definition.Add(option);
        return option;
    }

    /// <summary>A positional argument. None is "required" to the parser, so that every error comes out together and in our words.</summary>
    private protected Argument AddArgument(string name, string description, int most = 1)
    {
        Argument argument = most == 1 ? new Argument<string>(name) : new Argument<string[]>(name);
        argument.Description = description;
        argument.Arity = new ArgumentArity(0, most);
        Definition.Add(argument);
        return argument;
    }
}

/// <summary>Options under one title of a help text.</summary>
internal sealed record HelpSection(string Title, IReadOnlyList<HelpEntry> Entries);

/// <summary>One line of a help text.</summary>
internal sealed record HelpEntry(string Left, string Right)
{
    /// <summary>The lines of options.</summary>
    public static IReadOnlyList<HelpEntry> OfAll(params IEnumerable<Option> options) => [.. options.Select(Of)];

    /// <summary>The line of an option.</summary>
    public static HelpEntry Of(Option option)
    {
        IEnumerable<string> shortNames = option.Aliases.Where(alias => alias.Length == 2).Order(StringComparer.Ordinal).TakeLast(1);
        string names = string.Join(", ", [.. shortNames, option.Name]);
        return new(option.HelpName is null ? names : $"{names} <{option.HelpName}>", option.Description ?? "");
    }
}
