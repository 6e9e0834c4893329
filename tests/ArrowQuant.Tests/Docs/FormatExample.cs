using System.Globalization;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Docs;

/// <summary>A worked example of docs/format.md: lines <c>name: value</c>.</summary>
/// <param name="values">The values by name.</param>
internal sealed class FormatExample(Dictionary<string, string> values)
{
    public const string File = "docs/format.md";

    private const string Mark = "example ";

    /// <summary>The names of all examples, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. MarkdownBlock.Of(File).Where(block => block.Mark.StartsWith(Mark, StringComparison.Ordinal))
            .Select(block => block.Mark[Mark.Length..])];

    public string? this[string name] => values.GetValueOrDefault(name);

    public long[] Shape => [.. Split("shape").Select(long.Parse)];

    public int RowAxis => int.Parse(this["row_axis"] ?? "0");

    public byte[] Data => [.. Split("data").Select(digits => byte.Parse(digits, NumberStyles.HexNumber))];

    public byte[][] Codes => [.. values["codes"].Split(" / ").Select(row => row.Split(' ').Select(byte.Parse).ToArray())];

    public static FormatExample Read(string name)
    {
        MarkdownBlock block = MarkdownBlock.Of(File).Single(candidate => candidate.Mark == Mark + name);
        return new FormatExample(block.Lines.Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1]));
    }

    /// <summary>The lines of an example that has another form.</summary>
    public static IReadOnlyList<string> LinesOf(string name) => MarkdownBlock.Of(File).Single(block => block.Mark == Mark + name).Lines;

    public float[] Floats(string name) => [.. Split(name).Select(float.Parse)];

    private string[] Split(string name) => values.TryGetValue(name, out string? text) ? text.Split(' ') : [];
}
