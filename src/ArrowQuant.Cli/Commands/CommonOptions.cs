using System.CommandLine;

namespace ArrowQuant.Cli.Commands;

/// <summary>The options of every command.</summary>
internal sealed class CommonOptions
{
    /// <summary>Prints one JSON document.</summary>
    public Option<bool> Json { get; } = Switch("--json", "Print one JSON document on standard output and nothing else there");

    /// <summary>No progress.</summary>
    public Option<bool> Quiet { get; } = Switch("--quiet", "Show no progress; warnings and errors stay", "-q");

    /// <summary>More detail.</summary>
    public Option<bool> Verbose { get; } = Switch("--verbose", "Log information too, and stack traces of errors", "-v");

    /// <summary>Explains the command.</summary>
    public Option<bool> Help { get; } = Switch("--help", "Explain the command", "-h", "-?");

    /// <summary>Names the version.</summary>
    public Option<bool> Version { get; } = Switch("--version", "Print the version");

    /// <summary>All of them, in the order of the help.</summary>
    public IReadOnlyList<Option> All => [Json, Quiet, Verbose, Help, Version];

    private static Option<bool> Switch(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, Arity = ArgumentArity.Zero, Recursive = true };
}
