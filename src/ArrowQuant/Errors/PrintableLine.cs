using System.Globalization;
using System.Text;

namespace ArrowQuant.Errors;

/// <summary>Text made fit for one line of a terminal or log, whatever names a hostile file holds.</summary>
internal static class PrintableLine
{
    /// <summary>Line breaks become blanks; other control characters become visible escapes.</summary>
    public static string Of(string text)
    {
        if (!text.Any(IsUnprintable)) return text;
        StringBuilder line = new(text.Length);
        foreach (char c in text.ReplaceLineEndings(" "))
        {
            if (IsUnprintable(c)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }

        return line.ToString();
    }

    private static bool IsUnprintable(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}
