using System.Globalization;

namespace ArrowQuant.Configuration;

/// <summary>How values of one type are read from text and written as text; both invariant in culture.</summary>
internal sealed record ScalarForm<T>(ScalarForm<T>.Parser TryParse, Func<T, string> Format)
{
    /// <summary>Reads a trimmed text; false when it is not such a value.</summary>
    public delegate bool Parser(string text, out T value);
}

/// <summary>The forms that settings have.</summary>
internal static class ScalarForms
{
    public static readonly ScalarForm<int> Integer = new(
        (string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
        value => value.ToString(CultureInfo.InvariantCulture));

    public static readonly ScalarForm<double> Real = new(
        (string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value),
        value => value.ToString("R", CultureInfo.InvariantCulture));

    public static readonly ScalarForm<bool> Switch = new(TryParseSwitch, value => value ? "true" : "false");

    public static readonly ScalarForm<long> Mebibytes = new(
        MemorySize.TryParseMebibytes, value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>The names of an enumeration in lower case; numbers are not accepted.</summary>
    public static ScalarForm<TEnum> Word<TEnum>()
        where TEnum : struct, Enum => new(TryParseWord, FormatWord);

    /// <summary>As <see cref="Word"/>, with <c>none</c> for no value.</summary>
    public static ScalarForm<TEnum?> WordOrNone<TEnum>()
        where TEnum : struct, Enum => new(
        (string text, out TEnum? value) =>
        {
            value = null;
            if (text.Equals("none", StringComparison.OrdinalIgnoreCase)) return true;
            if (!TryParseWord(text, out TEnum word)) return false;
            value = word;
            return true;
        },
        value => value is null ? "none" : FormatWord(value.Value));

    private static bool TryParseWord<TEnum>(string text, out TEnum value)
        where TEnum : struct, Enum
    {
        foreach (TEnum candidate in Enum.GetValues<TEnum>())
        {
            if (!text.Equals(candidate.ToString(), StringComparison.OrdinalIgnoreCase)) continue;
            value = candidate;
            return true;
        }

        value = default;
        return false;
    }

    private static string FormatWord<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();

    private static bool TryParseSwitch(string text, out bool value)
    {
        switch (text.ToLowerInvariant())
        {
            case "true" or "1" or "yes" or "on":
                value = true;
                return true;
            case "false" or "0" or "no" or "off":
                value = false;
                return true;
            default:
                value = false;
                return false;
        }
    }
}
