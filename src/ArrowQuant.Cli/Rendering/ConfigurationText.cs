using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Rendering;

/// <summary>An effective configuration for people and for programs.</summary>
internal static class ConfigurationText
{
    private static readonly JsonWriterOptions JsonOptions =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prints every value with its origin.</summary>
    public static void Write(ReportWriter report, EffectiveConfiguration effective) => report.Table(
        ["name", "value", "origin"],
        ConfigurationSettings.All.Select(setting => (IReadOnlyList<string>)
        [
            setting.Name, setting.Format(effective.Config) is { Length: > 0 } text ? text : "(empty)", effective.Origins[setting.Name],
        ]));

    /// <summary>The document <c>{"config":{name: value},"origins":{name: origin}}</c>.</summary>
    public static string ToJson(EffectiveConfiguration effective)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("config");
            foreach (ConfigurationSetting setting in ConfigurationSettings.All) WriteValue(json, setting, effective.Config);
            json.WriteEndObject();
            json.WriteStartObject("origins");
            foreach (ConfigurationSetting setting in ConfigurationSettings.All)
                json.WriteString(setting.Name, effective.Origins[setting.Name]);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteValue(Utf8JsonWriter json, ConfigurationSetting setting, DiffusionQuantConfig config)
    {
        json.WritePropertyName(setting.Name);
        switch (setting.Kind)
        {
            case SettingKind.Switch or SettingKind.Whole or SettingKind.Real or SettingKind.Memory:
                // The canonical text of these kinds is a JSON literal already.
                json.WriteRawValue(setting.Format(config));
                break;
            case SettingKind.List:
                json.WriteStartArray();
                foreach (string item in setting.Items(config)) json.WriteStringValue(item);
                json.WriteEndArray();
                break;
            case SettingKind.Map:
                json.WriteStartObject();
                foreach ((string key, int width) in config.LayerBitWidths) json.WriteNumber(key, width);
                json.WriteEndObject();
                break;
            default:
                if (setting.Name == "modality" && config.Modality is null) json.WriteNullValue();
                else json.WriteStringValue(setting.Format(config));
                break;
        }
    }
}
