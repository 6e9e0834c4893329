using System.Text.RegularExpressions;

namespace ArrowQuant.Configuration;

/// <summary>Judges regular expressions on layer names.</summary>
internal static class LayerExpression
{
    /// <summary>Null when <paramref name="pattern"/> compiles, else why it does not.</summary>
    public static string? Explain(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
            return null;
        }
        catch (RegexParseException exception)
        {
            return $"not a regular expression: {exception.Error} at character {exception.Offset}";
        }
    }
}
