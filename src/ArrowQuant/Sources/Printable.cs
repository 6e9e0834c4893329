using System.Text;

namespace ArrowQuant.Sources;

/// <summary>Text of a file made fit for a one-line message.</summary>
internal static class Printable
{
    private const int LengthLimit = 200;

    /// <summary>Escapes control characters and shortens what is longer than 200 characters.</summary>
    public static string Of(string text)
    {
        StringBuilder line = new();
        foreach (char c in text.Length > LengthLimit ? text.AsSpan(0, LengthLimit) : text)
        {
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029') line.Append($"\\u{(int)c:x4}");
            else line.Append(c);
        }

        if (text.Length > LengthLimit) line.Append("...");
        return line.ToString();
    }
}
