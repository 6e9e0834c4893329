using System.Globalization;

namespace ArrowQuant.Configuration;

/// <summary>A share as text: <c>1%</c>, <c>0.5 %</c>, <c>off</c> for 0, and <c>recipe</c> for what the recipe says.</summary>
internal static class ShareForm
{
    /// <summary>Reads and writes the share.</summary>
    public static ScalarForm<double?> PercentOrRecipe { get; } = new(TryParse, Format);

    /// <summary>The least share that can be written.</summary>
    public const double Least = 1e-12;

    private const int PercentDigits = 10;

    private static bool TryParse(string text, out double? value)
    {
        value = null;
        if (text.Equals("recipe", StringComparison.OrdinalIgnoreCase)) return true;
        value = 0;
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase)) return true;
        if (!text.EndsWith('%')) return false;
        bool isNumber = decimal.TryParse(
            text.AsSpan(0, text.Length - 1).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal percent);
        // A share of nothing is written as off.
        percent = Math.Round(percent, PercentDigits);
        value = isNumber && percent > 0 ? (double)(percent / 100) : null;
        return value is not null;
    }

    // Through decimal, so that 0.7 % is not written as 0.7000000000000001 %.
    private static string Format(double? value) => value switch
    {
        null => "recipe",
        0 => "off",
        >= Least and <= 1 => $"{((decimal)value * 100).ToString("0.##########", CultureInfo.InvariantCulture)}%",
        _ => value.Value.ToString("R", CultureInfo.InvariantCulture),
    };
}
