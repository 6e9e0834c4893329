using System.Globalization;
using System.Text;

namespace ArrowQuant.Cli.Rendering;

/// <summary>Makes text safe to print on one line.</summary>
internal static class OneLine
{
    /// <summary>Line breaks become blanks; other control characters, as hostile names may hold, become visible escapes.</summary>
    public static string Of(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        StringBuilder line = new(text.Length);
        foreach (char c in text.ReplaceLineEndings(" "))
        {
            if (c == '\t') line.Append(' ');
            else if (char.IsControl(c)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }

        return line.ToString();
    }
}
