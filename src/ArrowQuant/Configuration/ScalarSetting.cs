using System.Diagnostics.CodeAnalysis;

namespace ArrowQuant.Configuration;

/// <summary>A setting with a single value of type <typeparamref name="T"/>.</summary>
internal sealed class ScalarSetting<T>(
    string name,
    SettingKind kind,
    string meaning,
    string valid,
    ScalarForm<T> form,
    Func<T, bool> isValid,
    Func<DiffusionQuantConfig, T> get,
    Func<DiffusionQuantConfig, T, DiffusionQuantConfig> set)
    : ConfigurationSetting(name, kind, meaning, valid)
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
        if (items.Count != 1)
        {
            problem = Refuse(CommaList.Join(items), "one value is expected");
            return false;
        }

        string text = items[0].Trim();
        if (!form.TryParse(text, out T value))
        {
            problem = Refuse(text);
            return false;
        }

        changed = set(config, value);
        return true;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Items(DiffusionQuantConfig config) => [form.Format(get(config))];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Check(DiffusionQuantConfig config)
    {
        T value = get(config);
        return isValid(value) ? [] : [Refuse(form.Format(value))];
    }
}
