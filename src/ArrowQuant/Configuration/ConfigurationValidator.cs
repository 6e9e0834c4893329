using ArrowQuant.Errors;

namespace ArrowQuant.Configuration;

/// <summary>Checks a configuration completely.</summary>
public static class ConfigurationValidator
{
    /// <summary>Throws when anything is wrong, with every error.</summary>
    /// <exception cref="ConfigurationException">At least one value is outside its valid range.</exception>
    public static void ThrowIfInvalid(DiffusionQuantConfig config)
    {
        IReadOnlyList<string> errors = Validate(config);
        if (errors.Count > 0) throw new ConfigurationException(errors);
    }

    /// <summary>Every error, one line each with the name, the value and the valid values; empty when the configuration is valid.</summary>
    public static IReadOnlyList<string> Validate(DiffusionQuantConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return [.. ConfigurationSettings.All.SelectMany(setting => setting.Check(config).Select(problem => $"{setting.Name}: {problem}"))];
    }
}
