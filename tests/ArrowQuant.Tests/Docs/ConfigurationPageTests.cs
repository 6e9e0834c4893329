using System.CommandLine;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Docs;

/// <summary>The tables of docs/configuration.md are made from the table of settings.</summary>
public sealed class ConfigurationPageTests
{
    private const string Page = "docs/configuration.md";

    [Fact]
    public void SettingsTable_OfThePage_IsTheProgramsOwn()
    {
        IEnumerable<string> rows = ConfigurationSettings.All.Select(setting =>
            $"| `{setting.Name}` | {OptionOf(setting)} | {Value(setting.Default)} | {Cell(setting.Valid)} | {Cell(setting.Meaning)} |");
        AssertTable("settings table", ["| name | option | default | valid | meaning |", "|---|---|---|---|---|", .. rows]);
    }

    [Fact]
    public void ProfilesTable_OfThePage_IsTheProgramsOwn()
    {
        DiffusionQuantConfig[] profiles = [.. Enum.GetValues<DeploymentProfile>().Select(DiffusionQuantConfig.FromProfile)];
        string names = string.Join(" | ", Enum.GetNames<DeploymentProfile>()).ToLowerInvariant();
        IEnumerable<string> rows = ConfigurationSettings.All
            .Where(setting => setting != ConfigurationSettings.DeploymentProfile)
            .Where(setting => profiles.Any(profile => !setting.HasSameValue(profile, profiles[0])))
            .Select(setting => $"| `{setting.Name}` | {string.Join(" | ", profiles.Select(setting.Format))} |");
        AssertTable("profiles table", [$"| setting | {names} |", "|---|---|---|---|", .. rows]);
    }

    private static string OptionOf(ConfigurationSetting setting)
    {
        ConfigurationFlag flag = ConfigurationFlag.Create(setting);
        return $"`{(flag.Negation is null ? flag.Option.Name : "--[no-]" + flag.Option.Name[2..])}`";
    }

    private static string Value(string text) => text.Length == 0 ? "(empty)" : text;

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static void AssertTable(string name, IEnumerable<string> lines)
    {
        string? difference = GoldenText.Difference(Page, name, string.Concat(lines.Select(line => line + "\n")));
        Assert.True(difference is null, difference);
    }
}
