using System.Text.Json;

namespace ArrowQuant.Reporting;

/// <summary>How enumeration values are written in artefacts, reports and messages: snake_case.</summary>
internal static class TextForms
{
    /// <summary>The text of a value: <c>per_channel</c> for PerChannel.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
