using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ArrowQuant.Configuration;

/// <summary>A setting that gives widths to layers, in order.</summary>
internal sealed class WidthMapSetting(
    string name,
    string meaning,
    string valid,
    Func<DiffusionQuantConfig, IReadOnlyList<KeyValuePair<string, int>>> get,
    Func<DiffusionQuantConfig, IReadOnlyList<KeyValuePair<string, int>>, DiffusionQuantConfig> set)
    : ConfigurationSetting(name, SettingKind.Map, meaning, valid)
{
    /// <inheritdoc/>
    public override bool TryApply(
        DiffusionQuantConfig config,
        IReadOnlyList<string> items,
        out DiffusionQuantConfig changed,
        [NotNullWhen(false)] out string? problem)
    {
        changed = config;
        problem = null;
        List<KeyValuePair<string, int>> pairs = [];
        foreach (string item in items)
        {
            // The last '=' separates: a regular expression may hold others, as in (?=...).
            int separator = item.LastIndexOf('=');
            if (separator < 0 || !ScalarForms.Integer.TryParse(item[(separator + 1)..].Trim(), out int width))
            {
                problem = Refuse(item, "NAME=WIDTH is expected");
                return false;
            }

            pairs.Add(new(item[..separator], width));
        }

        changed = set(config, pairs);
        return true;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Items(DiffusionQuantConfig config) =>
        [.. (get(config) ?? []).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}"))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Check(DiffusionQuantConfig config)
    {
        if (get(config) is not { } pairs) return [Refuse("null")];
        List<string> problems = [];
        Dictionary<string, int> seen = [];
        foreach ((string key, int width) in pairs)
        {
            string item = $"{key}={width}";
            if (string.IsNullOrEmpty(key)) problems.Add(Refuse(item, "the name is empty"));
            else if (LayerExpression.Explain(key) is { } why) problems.Add(Refuse(item, why));
            else if (width is not (2 or 4 or 8 or 16)) problems.Add(Refuse(item));
            else if (!seen.TryAdd(key, width)) problems.Add(Refuse(item, $"{key} already has {seen[key]}"));
        }

        return problems;
    }
}
