using System.CommandLine;
using System.Text;

namespace ArrowQuant.Cli.Commands;

/// <summary>What <c>--help</c> prints.</summary>
internal static class HelpText
{
    private const int Width = 120;
    private const int LongestLeft = 34;

    private static readonly string[] ExitCodeLines =
    [
        "Exit codes:",
        "  0 done; 1 a defect in the program; 2 usage or configuration; 3 model or calibration data missing, corrupt or not understood;",
        "  4 quality not reached; 5 disk, memory, permissions, output exists; 130 SIGINT; 143 SIGTERM",
    ];

    /// <summary>The help of a command.</summary>
    public static string Of(CliCommand command, CommonOptions common)
    {
        StringBuilder text = new();
        text.Append(command.Definition.Description).Append(".\n\nUsage: ").Append(command.Usage).Append('\n');
        if (command.Definition.Arguments.Count > 0)
            Append(text, new("Arguments", [.. command.Definition.Arguments.Select(a => new HelpEntry(a.Name, a.Description ?? ""))]));
        foreach (HelpSection section in command.Sections) Append(text, section);
        Append(text, CommonSection(common));
        if (command.Epilogue.Count > 0) text.Append('\n').AppendJoin('\n', command.Epilogue).Append('\n');
        return text.ToString();
    }

    /// <summary>The help of a command that only has commands below it.</summary>
    public static string OfGroup(Command group, CommonOptions common)
    {
        string path = group.Parents.Any() ? $"arrowquant {group.Name}" : group.Name;
        StringBuilder text = new();
        text.Append(group.Description).Append(".\n\nUsage: ").Append(path).Append(" <command> [options]\n");
        Append(text, new("Commands", [.. group.Subcommands.SelectMany(EntriesOf)]));
        Append(text, CommonSection(common));
        text.Append($"\n{path} <command> --help explains a command.\n\n").AppendJoin('\n', ExitCodeLines).Append('\n');
        return text.ToString();
    }

    private static IEnumerable<HelpEntry> EntriesOf(Command command) => command.Subcommands.Count == 0
        ? [new(command.Name, command.Description ?? "")]
        : command.Subcommands.Select(sub => new HelpEntry($"{command.Name} {sub.Name}", sub.Description ?? ""));

    private static HelpSection CommonSection(CommonOptions common) => new("Common options", [.. common.All.Select(HelpEntry.Of)]);

    private static void Append(StringBuilder text, HelpSection section)
    {
        int left = Math.Min(LongestLeft, section.Entries.Max(entry => entry.Left.Length));
        text.Append('\n').Append(section.Title).Append(":\n");
        foreach (HelpEntry entry in section.Entries)
        {
            text.Append("  ").Append(entry.Left.PadRight(left));
            if (entry.Left.Length > left) text.Append('\n').Append(' ', left + 2);
            text.Append("  ").AppendJoin("\n" + new string(' ', left + 4), Wrap(entry.Right, Width - left - 4)).Append('\n');
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            if (line.Length > 0) line.Append(' ');
            line.Append(word.Replace('\u00a0', ' '));
        }

        yield return line.ToString();
    }
}
