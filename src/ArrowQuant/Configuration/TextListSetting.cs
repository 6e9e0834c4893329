using System.Diagnostics.CodeAnalysis;

namespace ArrowQuant.Configuration;

/// <summary>A setting that is a list of texts: exact names, or regular expressions.</summary>
internal sealed class TextListSetting(
    string name,
    string meaning,
    string valid,
    bool areExpressions,
    Func<DiffusionQuantConfig, IReadOnlyList<string>> get,
    Func<DiffusionQuantConfig, IReadOnlyList<string>, DiffusionQuantConfig> set)
    : ConfigurationSetting(name, SettingKind.List, meaning, valid)
{
    /// <inheritdoc/>
    public override bool TryApply(
        DiffusionQuantConfig config,
        IReadOnlyList<string> items,
        out DiffusionQuantConfig changed,
        [NotNullWhen(false)] out string? problem)
    {
        changed = set(config, items);
        problem = null;
        return true;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Items(DiffusionQuantConfig config) => [.. (get(config) ?? []).Select(item => item ?? "")];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Check(DiffusionQuantConfig config)
    {
        if (get(config) is not { } items) return [Refuse("null")];
        List<string> problems = [];
        foreach (string item in items)
        {
            if (string.IsNullOrEmpty(item)) problems.Add(Refuse(""));
            else if (areExpressions && LayerExpression.Explain(item) is { } why) problems.Add(Refuse(item, why));
        }

        return problems;
    }
}
