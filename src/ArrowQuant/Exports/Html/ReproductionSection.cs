using System.Text.Encodings.Web;
using System.Text.Json;
using ArrowQuant.Configuration;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports.Html;

/// <summary>The configuration file and the commands that give the same bytes again, and the hashes to compare.</summary>
internal static class ReproductionSection
{
    private const string File = "quant.yaml";

    /// <summary>What to do, in order.</summary>
    public static Markup Render(ReportData data)
    {
        QuantizationResult result = data.Result;
        string model = Quoted(result.ModelPath);
        string yaml = data.Config is { } config ? Yaml(config) : "";
        bool isCalibrated = data.Metadata.CalibrationXxh128 is not null;
        string options = (yaml.Length == 0 ? "" : " --config " + File) + (isCalibrated ? "" : " --calibration none");
        return $"""
            <p>With version {result.ToolVersion} of the tool, the same model{(isCalibrated ? " and the same calibration data" : "")}, the shards come out the same, byte for byte, on any machine.</p>
            <ol class="steps">
            {(yaml.Length == 0 ? Markup.None : Settings(yaml))}
            <li>Quantize:<pre>arrowquant quantize {model} -o again{options}</pre>{Calibration(data.Metadata)}</li>
            <li>Compare the hashes in <code>again/metadata.json</code>:<pre>{Markup.Join(data.Metadata.Shards.Select(Hash))}</pre></li>
            <li>Check this artefact against the model:<pre>arrowquant validate {model} {Quoted(result.QuantizedPath)}</pre></li>
            </ol>
            """;
    }

    /// <summary>The YAML file of a configuration: its profile, and what differs from that.</summary>
    internal static string Yaml(DiffusionQuantConfig config)
    {
        DiffusionQuantConfig profile = DiffusionQuantConfig.FromProfile(config.DeploymentProfile);
        ConfigurationSetting[] changed = [.. ConfigurationSettings.All.Where(setting => !setting.HasSameValue(config, profile))];
        IEnumerable<ConfigurationSetting> named = config.DeploymentProfile == DeploymentProfile.Local
            ? changed
            : changed.Prepend(ConfigurationSettings.DeploymentProfile);
        return string.Concat(named.Select(setting => $"{setting.Name}: {Value(setting, config)}\n"));
    }

    private static Markup Settings(string yaml) => $"<li>Write this into <code>{File}</code>:<pre>{yaml}</pre></li>";

    private static Markup Calibration(ArtefactMetadata metadata) => metadata.CalibrationXxh128 is { } hash
        ? $"The calibration data has XXH128 <code>{hash}</code>. Data that does not lie beside the model is named with <code>--calibration PATH</code>."
        : Markup.None;

    private static Markup Hash(ArtefactShard shard) => $"{shard.Xxh128}  {shard.Path}\n";

    // JSON is YAML: lists and maps are written in its form.
    private static string Value(ConfigurationSetting setting, DiffusionQuantConfig config) => setting.Kind switch
    {
        SettingKind.List => $"[{string.Join(", ", setting.Items(config).Select(Json))}]",
        SettingKind.Map => $"{{{string.Join(", ", setting.Items(config).Select(Pair))}}}",
        _ => setting.Format(config),
    };

    private static string Pair(string item)
    {
        int separator = item.LastIndexOf('=');
        return $"{Json(item[..separator])}: {item[(separator + 1)..]}";
    }

    private static string Json(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    // As a shell takes it for one word, whatever is in it.
    private static string Quoted(string path) =>
        path.Length > 0 && path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or ':')
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
