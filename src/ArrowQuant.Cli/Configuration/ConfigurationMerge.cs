using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>
/// Puts the levels of configuration on top of each other. The strongest level that names a profile decides it; the profile gives all of its
/// values first, then explicit values win, a stronger level over a weaker one.
/// </summary>
internal static class ConfigurationMerge
{
    /// <summary>Merges levels, weakest first, and judges every value of every level, also those that a stronger level replaces.</summary>
    /// <param name="levels">Explicit values: file, environment, command line.</param>
    /// <param name="errors">Receives one line for each problem: origin, value, valid values.</param>
    public static EffectiveConfiguration Merge(IReadOnlyList<IReadOnlyList<ConfigurationValue>> levels, List<string> errors)
    {
        List<ConfigurationValue> sound = [.. levels.SelectMany(level => level).Where(value => IsSound(value, errors))];
        DiffusionQuantConfig defaults = new();
        DiffusionQuantConfig config = defaults;
        Dictionary<string, string> origins = ConfigurationSettings.All.ToDictionary(setting => setting.Name, _ => "default");
        ConfigurationValue? profile = sound.LastOrDefault(value => value.Setting == ConfigurationSettings.DeploymentProfile);
        if (profile is not null)
        {
            config = DiffusionQuantConfig.FromProfile(Apply(defaults, profile).DeploymentProfile);
            string origin = $"profile {ConfigurationSettings.DeploymentProfile.Format(config)} ({profile.Origin})";
            foreach (ConfigurationSetting setting in ConfigurationSettings.All)
            {
                if (!setting.HasSameValue(config, defaults)) origins[setting.Name] = origin;
            }

            origins[profile.Setting.Name] = profile.Origin;
        }

        foreach (ConfigurationValue value in sound.Where(value => value.Setting != ConfigurationSettings.DeploymentProfile))
        {
            config = Apply(config, value);
            origins[value.Setting.Name] = value.Origin;
        }

        return new(config, origins);
    }

    private static bool IsSound(ConfigurationValue value, List<string> errors)
    {
        IReadOnlyList<string> problems = value.Setting.TryApply(new(), value.Items, out DiffusionQuantConfig alone, out string? unread)
            ? value.Setting.Check(alone)
            : [unread];
        errors.AddRange(problems.Select(problem => $"{value.Origin}: {problem}"));
        return problems.Count == 0;
    }

    // Only sound values come here, so the value was understood before.
    private static DiffusionQuantConfig Apply(DiffusionQuantConfig config, ConfigurationValue value)
    {
        value.Setting.TryApply(config, value.Items, out DiffusionQuantConfig changed, out _);
        return changed;
    }
}
