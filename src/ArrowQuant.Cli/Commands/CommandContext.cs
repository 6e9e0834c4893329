using System.CommandLine;
using System.CommandLine.Parsing;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Errors;

namespace ArrowQuant.Cli.Commands;

/// <summary>One parsed command line and where it runs.</summary>
/// <param name="Parsed">The parsed command line.</param>
/// <param name="Host">Everything outside.</param>
/// <param name="Diagnostics">Standard error.</param>
/// <param name="Common">The options of every command.</param>
/// <param name="Errors">What was found wrong until now; commands add to it and then call <see cref="ThrowIfWrong"/>.</param>
internal sealed record CommandContext(
    ParseResult Parsed, CommandLineHost Host, DiagnosticOutput Diagnostics, CommonOptions Common, List<string> Errors)
{
    /// <summary>Whether one JSON document is wanted.</summary>
    public bool WantsJson => IsGiven(Common.Json);

    /// <summary>Results for people.</summary>
    public ReportWriter Report => new(Host.Output, Host.OutputTraits);

    /// <summary>Whether an option was given.</summary>
    public bool IsGiven(Option option) => Parsed.GetResult(option) is { Implicit: false };

    /// <summary>The text of an option, or null when it was not given.</summary>
    public string? TextOf(Option option) => Parsed.GetResult(option) is OptionResult { Tokens: [.., var last] } ? last.Value : null;

    /// <summary>The texts of a positional argument.</summary>
    public IReadOnlyList<string> TextsOf(Argument argument) => [.. (Parsed.GetResult(argument)?.Tokens ?? []).Select(token => token.Value)];

    /// <summary>The text of a required argument; when it is missing that is an error and the text is empty.</summary>
    public string Required(Argument argument, string usage)
    {
        if (TextsOf(argument) is [{ Length: > 0 } text, ..]) return text;
        Errors.Add($"{argument.Name} is missing; usage: {usage}");
        return "";
    }

    /// <summary>The long work, with the kernel set that the environment forces. An unknown kernel name joins the errors.</summary>
    public IQuantizationService CreateService() => Host.CreateService(
        new DiagnosticLogger(Diagnostics, IsGiven(Common.Verbose)), EnvironmentConfiguration.ReadKernels(Host.Environment, Errors));

    /// <summary>Ends the command when anything is wrong, with every error.</summary>
    /// <exception cref="ConfigurationException">There are errors.</exception>
    public void ThrowIfWrong()
    {
        if (Errors.Count > 0) throw new ConfigurationException([.. Errors]);
    }
}
