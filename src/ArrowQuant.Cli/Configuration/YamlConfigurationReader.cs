using System.Globalization;
using System.Text;
using ArrowQuant.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace ArrowQuant.Cli.Configuration;

/// <summary>
/// Reads configuration from a YAML file: one mapping of setting names. Lists are sequences, <c>layer_bit_widths</c> is a mapping of
/// names to widths. Everything that is wrong is reported with its line.
/// </summary>
internal static class YamlConfigurationReader
{
    private const long LargestFileBytes = 1 << 20;

    // A configuration is two levels deep. The node model recurses, so depth is bounded before it is built.
    private const int DeepestLevel = 8;

    /// <summary>Every value that the file gives.</summary>
    /// <param name="path">The file as the user named it; it begins every origin.</param>
    /// <param name="errors">Receives one line for each problem.</param>
    public static IReadOnlyList<ConfigurationValue> ReadFile(string path, List<string> errors)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
            {
                errors.Add($"--config: {path} {(Directory.Exists(path) ? "is a folder" : "does not exist")}; a YAML file is expected");
                return [];
            }

            if (file.Length > LargestFileBytes)
            {
                errors.Add($"{path}: {file.Length} bytes are too many for a configuration; at most {LargestFileBytes} are read");
                return [];
            }

            return Read(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)), path, errors);
        }
        catch (DecoderFallbackException exception)
        {
            errors.Add($"{path}: not UTF-8 text (byte {exception.Index})");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            errors.Add($"--config: {path} cannot be read: {exception.Message}");
        }

        return [];
    }

    /// <summary>Every value that the text gives.</summary>
    /// <param name="text">The YAML document.</param>
    /// <param name="path">The name that begins every origin.</param>
    /// <param name="errors">Receives one line for each problem.</param>
    public static IReadOnlyList<ConfigurationValue> Read(string text, string path, List<string> errors)
    {
        text = text.TrimStart('\uFEFF');
        YamlStream stream = [];
        try
        {
            if (Refusal(text) is { } refusal)
            {
                errors.Add($"{path}:{refusal}");
                return [];
            }

            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            errors.Add($"{path}:{exception.Start.Line}: not understood as YAML: {exception.Message}");
            return [];
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // The YAML library lets some malformed documents escape as these.
            errors.Add($"{path}: not understood as YAML: {exception.Message}");
            return [];
        }

        return Bind(stream, path, errors);
    }

    // Aliases make a small file a large one: ten lines of lists of lists are a node model that takes hours to compare.
    private static string? Refusal(string text)
    {
        Parser parser = new(new StringReader(text));
        int depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            string at = string.Create(CultureInfo.InvariantCulture, $"{parser.Current.Start.Line}");
            if (depth > DeepestLevel) return $"{at}: nested too deeply for a configuration";
            if (parser.Current is AnchorAlias alias) return $"{at}: *{alias.Value} stands for another value; write the value itself";
        }

        return null;
    }

    private static List<ConfigurationValue> Bind(YamlStream stream, string path, List<string> errors)
    {
        List<ConfigurationValue> values = [];
        if (stream.Documents.Count > 1)
            errors.Add($"{path}:{stream.Documents[1].RootNode.Start.Line}: a second document; one is expected");
        if (stream.Documents.Count != 1 || IsNull(stream.Documents[0].RootNode)) return values;
        if (stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            errors.Add($"{path}:{stream.Documents[0].RootNode.Start.Line}: lines of NAME: VALUE are expected, such as bit_width: 4");
            return values;
        }

        foreach ((YamlNode keyNode, YamlNode node) in root.Children)
        {
            string at = string.Create(CultureInfo.InvariantCulture, $"{path}:{keyNode.Start.Line}");
            string key = keyNode is YamlScalarNode scalar ? scalar.Value ?? "" : keyNode.NodeType.ToString();
            if (ConfigurationSettings.Find(key) is not { } setting)
            {
                string nearest = NearestName.Find(key, ConfigurationSettings.All.Select(known => known.Name));
                errors.Add($"{at} {key}: unknown name; the nearest valid name is {nearest}");
            }
            else if (ReadItems(setting, node) is { } items)
            {
                values.Add(new(setting, items, $"{at} {key}"));
            }
            else
            {
                errors.Add($"{at} {key}: {FormOf(node)} is not valid; valid: {ExpectedForm(setting)}");
            }
        }

        return values;
    }

    private static IReadOnlyList<string>? ReadItems(ConfigurationSetting setting, YamlNode node)
    {
        switch (setting.Kind)
        {
            case SettingKind.List:
                if (IsNull(node)) return [];
                return node is YamlSequenceNode sequence && sequence.Children.All(child => child is YamlScalarNode)
                    ? [.. sequence.Children.Select(child => ((YamlScalarNode)child).Value ?? "")]
                    : null;
            case SettingKind.Map:
                if (IsNull(node)) return [];
                return node is YamlMappingNode map && map.Children.All(pair => pair is { Key: YamlScalarNode, Value: YamlScalarNode })
                    ? [.. map.Children.Select(pair => $"{((YamlScalarNode)pair.Key).Value}={((YamlScalarNode)pair.Value).Value}")]
                    : null;
            default:
                if (node is not YamlScalarNode scalar) return null;
                return [!IsNull(node) ? scalar.Value! : setting.Kind == SettingKind.Word ? "none" : ""];
        }
    }

    private static bool IsNull(YamlNode node) =>
        node is YamlScalarNode { Style: ScalarStyle.Plain or ScalarStyle.Any, Value: null or "" or "~" or "null" or "Null" or "NULL" };

    private static string FormOf(YamlNode node) => node switch
    {
        YamlSequenceNode => "a list",
        YamlMappingNode => "a mapping",
        YamlScalarNode scalar => scalar.Value ?? "",
        _ => "an alias",
    };

    private static string ExpectedForm(ConfigurationSetting setting) => setting.Kind switch
    {
        SettingKind.List => $"a list of {setting.Valid}, such as [\"a\", \"b\"]",
        SettingKind.Map => $"a mapping: {setting.Valid}, such as {{\"a\": 8}}",
        _ => setting.Valid,
    };
}
