using System.Globalization;
using System.Text;
using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>Writes a configuration as a YAML file with a comment on every setting. What it writes reads back equal.</summary>
internal static class YamlConfigurationWriter
{
    // YAML refuses a key on one line above 1024 characters; escapes can make it four times as long.
    private const int LongestPlainKey = 256;

    /// <summary>The document.</summary>
    public static string Write(DiffusionQuantConfig config)
    {
        StringBuilder text = new();
        text.Append("# ArrowQuant configuration: arrowquant quantize MODEL -o DIR --config THIS_FILE\n");
        text.Append("# A value here wins over a profile, wherever the profile is named; environment variables and command-line options\n");
        text.Append("# win over a value here. Delete the lines that should follow the profile.\n");
        foreach (ConfigurationSetting setting in ConfigurationSettings.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n# {setting.Meaning}.\n");
            text.Append(CultureInfo.InvariantCulture, $"# Valid: {setting.Valid}. Default: {DefaultOf(setting)}.\n");
            text.Append(setting.Name).Append(':');
            switch (setting.Kind)
            {
                case SettingKind.List:
                    AppendList(text, setting.Items(config));
                    break;
                case SettingKind.Map:
                    AppendMap(text, setting.Items(config));
                    break;
                default:
                    text.Append(' ').Append(setting.Format(config)).Append('\n');
                    break;
            }
        }

        return text.ToString();
    }

    private static string DefaultOf(ConfigurationSetting setting) => setting.Default.Length > 0 ? setting.Default : "empty";

    private static void AppendList(StringBuilder text, IReadOnlyList<string> items)
    {
        text.Append(items.Count == 0 ? " []\n" : "\n");
        foreach (string item in items) text.Append("  - ").Append(Quote(item)).Append('\n');
    }

    private static void AppendMap(StringBuilder text, IReadOnlyList<string> items)
    {
        text.Append(items.Count == 0 ? " {}\n" : "\n");
        foreach (string item in items)
        {
            int separator = item.LastIndexOf('=');
            string key = item[..separator];
            bool isLong = key.Length > LongestPlainKey;
            text.Append(isLong ? "  ? " : "  ").Append(Quote(key)).Append(isLong ? "\n  : " : ": ");
            text.Append(item.AsSpan(separator + 1)).Append('\n');
        }
    }

    private static string Quote(string value)
    {
        StringBuilder quoted = new("\"");
        foreach (char c in value)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (!char.IsControl(c) && c is not ('\u2028' or '\u2029' or '\uFEFF')) quoted.Append(c);
            else quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return quoted.Append('"').ToString();
    }
}
