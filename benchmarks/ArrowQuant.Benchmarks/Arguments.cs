using System.Globalization;

namespace ArrowQuant.Benchmarks;

/// <summary>Reads options of the programs.</summary>
internal static class Arguments
{
    /// <summary>The word behind an option, or null.</summary>
    public static string? Value(string[] args, string name)
    {
        int index = Array.IndexOf(args, name);
        return index >= 0 && index + 1 < args.Length ? args[index + 1] : null;
    }

    /// <summary>The number behind an option.</summary>
    public static int Number(string[] args, string name, int otherwise) =>
        Value(args, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
