using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ArrowQuant.Exports.Html;

/// <summary>
/// HTML that is written as an interpolated string: what stands in the source is taken as it is, and every value put into it is escaped, so
/// that no name of a file, layer or setting can ever become markup. Only another <see cref="Markup"/> goes in unescaped.
/// </summary>
/// <param name="literalLength">Characters of the literal parts.</param>
/// <param name="formattedCount">Values between them.</param>
[InterpolatedStringHandler]
internal readonly struct Markup(int literalLength, int formattedCount)
{
    private const int CharactersOfAValue = 12;
    private readonly StringBuilder _text = new(literalLength + (CharactersOfAValue * formattedCount));

    /// <summary>No markup at all.</summary>
    public static Markup None => $"";

    /// <summary>Joins pieces without anything between them.</summary>
    public static Markup Join(IEnumerable<Markup> parts)
    {
        Markup joined = new(0, 0);
        foreach (Markup part in parts) joined.AppendFormatted(part);
        return joined;
    }

    /// <summary>Text of ours that is markup already: style sheet and script.</summary>
    public static Markup Trusted(string text)
    {
        Markup markup = new(text.Length, 0);
        markup.AppendLiteral(text);
        return markup;
    }

    /// <summary>Takes a literal part.</summary>
    public void AppendLiteral(string text) => _text.Append(text);

    /// <summary>Escapes a value.</summary>
    public void AppendFormatted(string? text)
    {
        foreach (Rune rune in (text ?? "").EnumerateRunes()) Append(rune);
    }

    /// <summary>Takes a number.</summary>
    public void AppendFormatted(long number) => _text.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Takes a number in a form of its own, such as <c>0.##</c>.</summary>
    public void AppendFormatted(double number, string format) => _text.Append(number.ToString(format, CultureInfo.InvariantCulture));

    /// <summary>Takes markup.</summary>
    public void AppendFormatted(Markup markup) => _text.Append(markup._text);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private void Append(Rune rune)
    {
        string? escaped = rune.Value switch
        {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            '"' => "&quot;",
            '\'' => "&#39;",
            '\n' => "\n",
            _ => IsUnseen(rune) ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}") : null,
        };
        _text.Append(escaped ?? rune.ToString());
    }

    // Control characters, and those that change the direction of what follows or cannot be seen: shown as what they are.
    private static bool IsUnseen(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
