using System.Text.RegularExpressions;

namespace ArrowQuant.Tests.Architecture;

/// <summary>The rules that a source file can be judged by alone. Each yields one line per offence, with the file's path.</summary>
internal static partial class SourceRules
{
    /// <summary>Lines that a file may have.</summary>
    public const int MostLines = 400;

    /// <summary>Columns that a line may have.</summary>
    public const int MostColumns = 140;

    // Satellites of the type that the file is named after are plain data and short.
    private const int MostSatelliteLines = 60;

    /// <summary>The namespace is the folder.</summary>
    public static IEnumerable<string> Namespace(string path, string text)
    {
        string[] parts = path.Split('/');
        string expected = string.Join('.', parts[1..^1]);
        MatchCollection found = NamespaceLine().Matches(text);
        if (found.Count == 0 && parts[^1] == "Program.cs") return [];
        return found.Count == 1 && found[0].Groups["name"].Value == expected
            ? []
            : [$"{path}: namespace is '{string.Join("', '", found.Select(f => f.Groups["name"].Value))}', its folder says '{expected}'"];
    }

    /// <summary>No file is too long.</summary>
    public static IEnumerable<string> Length(string path, string text)
    {
        int lines = text.Split('\n').Length - 1;
        return lines > MostLines ? [$"{path}: {lines} lines, at most {MostLines}"] : [];
    }

    /// <summary>No line is too wide.</summary>
    public static IEnumerable<string> Width(string path, string text) =>
        text.Split('\n').Select((line, index) => (Line: line, Number: index + 1))
            .Where(l => l.Line.Length > MostColumns && !LongText().IsMatch(l.Line))
            .Select(l => $"{path}:{l.Number}: {l.Line.Length} columns, at most {MostColumns}");

    /// <summary>
    /// A file has a type of its name; it is the first of the public ones, and the others are satellites: records, enums, structs or
    /// delegates of a few lines.
    /// </summary>
    public static IEnumerable<string> Types(string path, string text)
    {
        string name = path[(path.LastIndexOf('/') + 1)..].Split('.')[0];
        string[] lines = text.Split('\n');
        (int Line, Match Found)[] types = [.. lines.Select((line, i) => (i, TypeLine().Match(line))).Where(t => t.Item2.Success)];
        if (types.Length == 0) return name is "Program" or "GlobalUsings" ? [] : [$"{path}: has no type {name}"];
        List<string> problems = [];
        if (types.All(t => t.Found.Groups["name"].Value != name)) problems.Add($"{path}: has no type {name}");
        (int Line, Match Found)[] open = [.. types.Where(t => t.Found.Groups["access"].Value == "public")];
        if (open.Length > 0 && open[0].Found.Groups["name"].Value != name)
            problems.Add($"{path}: its first public type is {open[0].Found.Groups["name"].Value}, expected {name}");
        foreach ((int line, Match found) in open.Skip(1).Where(t => t.Found.Groups["name"].Value != name))
        {
            int end = Array.FindIndex(lines, line, text =>
                text is "}" or "};" || (text.EndsWith(';') && !text.StartsWith("    ", StringComparison.Ordinal)));
            if (found.Groups["kind"].Value is "class" or "interface" || (end < 0 ? lines.Length : end) - line > MostSatelliteLines)
            {
                problems.Add(
                    $"{path}: {found.Groups["name"].Value} needs a file of its own: "
                    + "only short records, enums, structs and delegates may share one");
            }
        }

        return problems;
    }

    /// <summary>Nothing is left for later.</summary>
    public static IEnumerable<string> Unfinished(string path, string text) =>
        UnfinishedWord().Matches(text).Select(match => $"{path}: has '{match.Value}'");

    /// <summary>UTF-8 without a mark at the front, lines end in a line feed alone, the last one too.</summary>
    public static IEnumerable<string> Encoding(string path, byte[] bytes)
    {
        if (bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) yield return $"{path}: begins with a byte order mark";
        if (bytes.Contains((byte)'\r')) yield return $"{path}: has a carriage return";
        if (bytes.Length > 0 && bytes[^1] != (byte)'\n') yield return $"{path}: its last line has no line feed";
    }

    /// <summary>No file names a place on somebody's machine.</summary>
    public static IEnumerable<string> MachinePaths(string path, string text) =>
        MachinePath().Matches(text).Select(match => $"{path}: names the machine path '{match.Value}'");

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    // A message stays in one piece, so that it can be searched for.
    [GeneratedRegex(@"""[^""]{60,}")]
    private static partial Regex LongText();

    [GeneratedRegex(
        @"^(?<access>public|internal|file)(?: (?:sealed|static|abstract|readonly|partial|unsafe|ref))* "
        + @"(?<kind>class|record struct|record|struct|interface|enum|delegate)(?: class)? (?:[\w<>?\[\]]+ (?=\w+\())?(?<name>\w+)")]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"\b(?:TO" + @"DO|FIX" + @"ME|NotImplemented" + @"Exception)\b")]
    private static partial Regex UnfinishedWord();

    [GeneratedRegex(@"(?<![\w.~>])/(?:home|root|work|Users|mnt|srv|tmp|var|scratch)/\w+|\b[A-Z]:\\+(?:Users|Work|Temp)\b")]
    private static partial Regex MachinePath();
}
