using System.Globalization;

namespace ArrowQuant.Reporting;

/// <summary>Figures as people read them: on terminals and in reports alike.</summary>
public static class FigureText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary><c>980 B</c>, <c>12.4 MiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double amount = bytes;
        int unit = 0;
        while (amount >= 1024 && unit < Units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{amount:0.0} {Units[unit]}");
    }

    /// <summary><c>0:07</c>, <c>12:30</c>, <c>3:02:11</c>.</summary>
    public static string Clock(TimeSpan time)
    {
        long seconds = Math.Max(0, (long)time.TotalSeconds);
        return seconds >= 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}:{seconds % 60:00}");
    }

    /// <summary>An accuracy with the digits that its distance from 1 deserves: <c>0.9412</c>, <c>0.99997</c>; never rounded to 1.</summary>
    public static string Accuracy(double value)
    {
        if (value is not (> 0.999 and < 1)) return value.ToString("0.####", CultureInfo.InvariantCulture);
        string text = value.ToString("0.#######", CultureInfo.InvariantCulture);
        return text == "1" ? "> 0.9999999" : text;
    }

    /// <summary><c>768 x 3072</c>; a scalar is <c>scalar</c>.</summary>
    public static string Shape(IReadOnlyList<long> shape) => shape.Count == 0 ? "scalar" : string.Join(" x ", shape);

    /// <summary><c>INT4</c>.</summary>
    public static string Width(int bits) => string.Create(CultureInfo.InvariantCulture, $"INT{bits}");

    /// <summary>A plain figure with at most so many decimals.</summary>
    public static string Number(double value, int decimals = 2) =>
        value.ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture);

    /// <summary><c>1 layer</c>, <c>2 layers</c>.</summary>
    public static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";

    /// <summary><c>sensitive 8, vector 4</c>, most first.</summary>
    public static string Tally(IEnumerable<string> words) => string.Join(
        ", ",
        words.GroupBy(word => word, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"{group.Key} {group.Count()}"));
}
