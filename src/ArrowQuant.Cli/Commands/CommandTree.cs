using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Cli.Rendering;

namespace ArrowQuant.Cli.Commands;

/// <summary>All commands: parses a command line, runs what it names, and turns every exception into an exit code.</summary>
internal sealed class CommandTree
{
    private static readonly ParserConfiguration Parsing = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    private readonly CommonOptions _common = new();
    private readonly CliCommand[] _commands;
    private readonly Command _root = Group("arrowquant", "Post-training quantizer for diffusion models");

    public CommandTree()
    {
        CliCommand[] main = [new QuantizeCommand(), new ValidateCommand(), new InspectCommand(), new ReportCommand(), new ExportCommand()];
        CliCommand[] config = [new ConfigShowCommand(), new ConfigInitCommand()];
        Command group = Group("config", "Show or write configuration");
        foreach (Option option in _common.All) _root.Add(option);
        foreach (CliCommand command in main) _root.Add(command.Definition);
        foreach (CliCommand command in config) group.Add(command.Definition);
        _root.Add(group);
        _commands = [.. main, .. config];
    }

    /// <summary>The version of the tool.</summary>
    public static string Version { get; } =
        typeof(CommandTree).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(string[] args, CommandLineHost host, CancellationToken cancellationToken)
    {
        DiagnosticOutput diagnostics = new(host.Error, host.ErrorTraits);
        ParseResult parsed = _root.Parse(args, Parsing);
        CommandContext context = new(parsed, host, diagnostics, _common, []);
        try
        {
            return await RunAsync(context, cancellationToken);
        }
        catch (Exception exception)
        {
            ErrorDocument failure = Failure.Describe(exception, cancellationToken.IsCancellationRequested);
            bool wantsTrace = context.IsGiven(_common.Verbose) && failure.Error.ExitCode is not (ExitCodes.Usage or ExitCodes.Interrupted);
            try
            {
                Failure.Print(failure, diagnostics, wantsTrace ? exception : null);
                if (context.WantsJson) await host.Output.WriteAsync(failure.ToJson());
            }
            catch (IOException)
            {
                // Nobody can be told any more; the exit code still says it.
            }

            return failure.Error.ExitCode;
        }
    }

    private static Command Group(string name, string description) => new(name, description) { TreatUnmatchedTokensAsErrors = false };

    private async Task<int> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        Command named = context.Parsed.CommandResult.Command;
        CliCommand? command = _commands.FirstOrDefault(candidate => candidate.Definition == named);
        if (context.IsGiven(_common.Help))
        {
            await context.Host.Output.WriteAsync(command is null ? HelpText.OfGroup(named, _common) : HelpText.Of(command, _common));
            return ExitCodes.Done;
        }

        if (context.IsGiven(_common.Version))
        {
            await context.Host.Output.WriteAsync($"arrowquant {Version}\n");
            return ExitCodes.Done;
        }

        AddUsageErrors(context, named, command);
        if (command is not null) return await command.RunAsync(context, cancellationToken);
        context.ThrowIfWrong();
        return ExitCodes.Usage;
    }

    private void AddUsageErrors(CommandContext context, Command named, CliCommand? command)
    {
        IReadOnlyList<string> unmatched = context.Parsed.UnmatchedTokens;
        if (command is null)
        {
            string[] below = [.. named.Subcommands.Select(sub => sub.Name)];
            context.Errors.Add(unmatched.Count > 0 && !IsOption(unmatched[0])
                ? $"{unmatched[0]}: unknown command; the nearest valid name is {NearestName.Find(unmatched[0], below)}"
                : $"a command is expected: {string.Join(", ", below)}; see {(named == _root ? "" : "arrowquant ")}{named.Name} --help");
            return;
        }

        List<string> unknown = [.. PositionalOptions(context.Parsed), .. unmatched.Where(IsOption)];
        IEnumerable<string> names = named.Options.Concat(_common.All).SelectMany(option => option.Aliases.Prepend(option.Name));
        string[] known = [.. names.Where(name => name.Length > 2)];
        foreach (string token in unknown)
        {
            string name = token.Split('=', ':')[0];
            context.Errors.Add($"{name}: unknown option; the nearest valid name is {NearestName.Find(name, known)}");
        }

        // After an unknown option its value looks like one argument too many: only the option is told.
        if (unknown.Count == 0) context.Errors.AddRange(unmatched.Select(token => $"{token}: unexpected argument; usage: {command.Usage}"));
        context.Errors.AddRange(context.Parsed.Errors.Select(error => error.Message));
        if (context.IsGiven(_common.Quiet) && context.IsGiven(_common.Verbose))
            context.Errors.Add("--quiet: given together with --verbose; give one of them");
    }

    // The parser takes an option that it does not know for a positional argument. After -- everything is one.
    private static IEnumerable<string> PositionalOptions(ParseResult parsed)
    {
        IEnumerable<Token> beforeSeparator = parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash);
        HashSet<Token> positional = new(
            parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(result => result.Tokens), ReferenceEqualityComparer.Instance);
        return beforeSeparator.Where(token => positional.Contains(token) && IsOption(token.Value)).Select(token => token.Value);
    }

    private static bool IsOption(string token) => token.Length > 1 && token[0] == '-';
}
