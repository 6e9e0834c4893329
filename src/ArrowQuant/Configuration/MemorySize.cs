using System.Globalization;

namespace ArrowQuant.Configuration;

/// <summary>Amounts of memory with a unit: <c>4GiB</c>, <c>1.5 TiB</c>, <c>800MB</c>; a plain number is in MiB.</summary>
public static class MemorySize
{
    /// <summary>The largest bound whose bytes still fit in 63 bits.</summary>
    public const long LargestMebibytes = long.MaxValue >> 20;

    private static readonly (string Suffix, double Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40),
    ];

    /// <summary>Reads whole MiB, rounded down so that the bound stays a bound.</summary>
    /// <param name="text">The amount.</param>
    /// <param name="mebibytes">Receives it.</param>
    /// <returns>False when the text is not an amount, or is more than nothing but less than one MiB (0 would mean "automatic").</returns>
    public static bool TryParseMebibytes(string text, out long mebibytes)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out mebibytes)) return true;
        foreach ((string suffix, double unit) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            string number = text[..^suffix.Length].TrimEnd();
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double amount)) return false;
            double whole = Math.Floor(amount * unit / (1L << 20));
            if (!(whole <= LargestMebibytes) || (whole == 0 && amount > 0)) return false;
            mebibytes = (long)whole;
            return true;
        }

        return false;
    }
}
