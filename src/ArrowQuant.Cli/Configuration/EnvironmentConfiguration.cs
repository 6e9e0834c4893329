using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>Reads configuration from environment variables. A variable that is set to nothing counts as not set.</summary>
internal static class EnvironmentConfiguration
{
    /// <summary>The variable that forces a kernel set; it is no setting because it never changes a result.</summary>
    public const string KernelsName = Prefix + "KERNELS";

    private const string Prefix = "ARROW_QUANT_";
    private static readonly string[] KernelNames = ["scalar", "v128", "v256", "v512"];

    /// <summary>The variable of a setting: <c>ARROW_QUANT_GROUP_SIZE</c>.</summary>
    public static string NameOf(ConfigurationSetting setting) => Prefix + setting.Name.ToUpperInvariant();

    /// <summary>Every value that the environment gives.</summary>
    /// <param name="environment">All variables.</param>
    /// <param name="errors">Receives a line for every unknown <c>ARROW_QUANT_</c> name.</param>
    public static IReadOnlyList<ConfigurationValue> Read(IReadOnlyDictionary<string, string> environment, List<string> errors)
    {
        Dictionary<string, ConfigurationSetting> known = ConfigurationSettings.All.ToDictionary(NameOf);
        List<ConfigurationValue> values = [];
        foreach ((string name, string text) in environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || name == KernelsName) continue;
            if (!known.TryGetValue(name, out ConfigurationSetting? setting))
                errors.Add($"{name}: unknown variable; the nearest valid name is {NearestName.Find(name, [.. known.Keys, KernelsName])}");
            else if (text.Length > 0)
                values.Add(new(setting, setting.SplitItems(text), name));
        }

        return values;
    }

    /// <summary>The kernel set that the environment forces, or null.</summary>
    /// <param name="environment">All variables.</param>
    /// <param name="errors">Receives a line when the name is unknown.</param>
    public static string? ReadKernels(IReadOnlyDictionary<string, string> environment, List<string> errors)
    {
        if (!environment.TryGetValue(KernelsName, out string? name) || name.Length == 0) return null;
        if (KernelNames.Contains(name)) return name;
        errors.Add($"{KernelsName}: {name} is not a kernel set; valid: {string.Join(", ", KernelNames)}, or not set to choose the fastest");
        return null;
    }
}
