using System.Text.RegularExpressions;

namespace ArrowQuant.Tests.Architecture;

/// <summary>The rooms of the house from the bottom up, and the check that no source file names a room above its own.</summary>
internal static partial class Rooms
{
    /// <summary>
    /// Every room; one may use those before it. A room inside a room counts as the outer one, except in the pipeline and the command line.
    /// </summary>
    public static IReadOnlyList<string> FromTheBottom { get; } =
    [
        "Errors", "Kernels", "Tensors", "Configuration", "Quality", "Storage", "Sources", "Calibration", "Methods", "Fallback", "Reporting",
        "Pipeline.Planning", "Pipeline.Measuring", "Pipeline.Validation", "Pipeline.Resuming", "Pipeline.Running", "Pipeline",
        "Runtime", "Exports", "Onnx", "Cli.Configuration", "Cli.Rendering", "Cli.Commands", "Cli",
    ];

    /// <summary>What is wrong with a source file of src/.</summary>
    /// <param name="path">Its path from the repository's root, forward slashes.</param>
    /// <param name="text">Its text.</param>
    /// <param name="isType">Whether a full name is one of a type; tells <c>Errors.Add</c> from <c>Errors.ModelFormatException</c>.</param>
    public static IEnumerable<string> UpwardArrows(string path, string text, Func<string, bool> isType)
    {
        string? own = Declaration().Match(text) is { Success: true } found ? found.Groups["name"].Value : "ArrowQuant.Cli";
        string room = RoomOf(own["ArrowQuant".Length..].TrimStart('.'));
        int level = LevelOf(room);
        if (level < 0) return [$"{path}: namespace {own} is not a room of the house"];
        string code = Comment().Replace(text, "");
        IEnumerable<string> whole = WholeName().Matches(code).Select(match => match.Groups["name"].Value);
        IEnumerable<string> relative = RelativeName().Matches(code).Select(match => match.Value)
            .Where(name => isType($"ArrowQuant.{name}"));
        return whole.Concat(relative).Select(RoomOf).Distinct().Where(used => LevelOf(used) > level || LevelOf(used) < 0)
            .Select(used => LevelOf(used) < 0
                ? $"{path}: {used} is not a room of the house"
                : $"{path}: {room} uses {used}, which is above it");
    }

    // "Sources.Parquet.ModelRow" is in Sources; the rooms of the pipeline and of the command line are told apart.
    private static string RoomOf(string name)
    {
        string[] parts = name.Split('.');
        return parts.Length > 1 && FromTheBottom.Contains($"{parts[0]}.{parts[1]}") ? $"{parts[0]}.{parts[1]}" : parts[0];
    }

    private static int LevelOf(string room) => FromTheBottom.ToList().IndexOf(room);

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*///?.*$|(?<=[\s;{}])//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?<![\w.""])ArrowQuant\.(?<name>[A-Z]\w*(?:\.[A-Z]\w*)*)")]
    private static partial Regex WholeName();

    [GeneratedRegex(
        @"(?<![\w.])(?:Errors|Kernels|Tensors|Configuration|Quality|Storage|Sources|Calibration|Methods|"
        + @"Fallback|Reporting|Pipeline|Runtime|Exports|Onnx|Cli)\.[A-Z]\w*")]
    private static partial Regex RelativeName();
}
