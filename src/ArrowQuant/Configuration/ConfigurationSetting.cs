using System.Diagnostics.CodeAnalysis;

namespace ArrowQuant.Configuration;

/// <summary>
/// One name of the configuration: what it means, which values are valid, and how it is read from text and written as text. Every text form
/// (YAML, environment, command line) goes through a list of items: a scalar has exactly one, a list any number, and a map has items
/// <c>key=number</c> (the last <c>=</c> separates).
/// </summary>
public abstract class ConfigurationSetting
{
    private protected ConfigurationSetting(string name, SettingKind kind, string meaning, string valid)
    {
        Name = name;
        Kind = kind;
        Meaning = meaning;
        Valid = valid;
    }

    /// <summary>The snake_case name.</summary>
    public string Name { get; }

    /// <summary>The form of the value.</summary>
    public SettingKind Kind { get; }

    /// <summary>One sentence without a full stop.</summary>
    public string Meaning { get; }

    /// <summary>The valid values in words: <c>2, 4, 8</c>, <c>1..100</c>.</summary>
    public string Valid { get; }

    /// <summary>Whether the value is a single item.</summary>
    public bool IsScalar => Kind is not (SettingKind.List or SettingKind.Map);

    /// <summary>The default value as text.</summary>
    public string Default => Format(new DiffusionQuantConfig());

    /// <summary>Reads the value from its items.</summary>
    /// <param name="config">The configuration to change.</param>
    /// <param name="items">The items.</param>
    /// <param name="changed">The configuration with the value, or <paramref name="config"/> itself when an item is not understood.</param>
    /// <param name="problem">Null, or the value and the valid values on one line.</param>
    /// <returns>Whether every item was understood. The range is not judged here: see <see cref="Check"/>.</returns>
    public abstract bool TryApply(
        DiffusionQuantConfig config,
        IReadOnlyList<string> items,
        out DiffusionQuantConfig changed,
        [NotNullWhen(false)] out string? problem);

    /// <summary>Reads the value from one text; the items of a list are separated by commas (<c>\,</c> is a comma inside an item).</summary>
    /// <inheritdoc cref="TryApply(DiffusionQuantConfig, IReadOnlyList{string}, out DiffusionQuantConfig, out string)"/>
    public bool TryApply(
        DiffusionQuantConfig config,
        string text,
        out DiffusionQuantConfig changed,
        [NotNullWhen(false)] out string? problem) =>
        TryApply(config, SplitItems(text), out changed, out problem);

    /// <summary>The items of one text: the text itself for a scalar, else its parts between commas.</summary>
    public IReadOnlyList<string> SplitItems(string text) => IsScalar ? [text] : CommaList.Split(text);

    /// <summary>The value's items in canonical form.</summary>
    public abstract IReadOnlyList<string> Items(DiffusionQuantConfig config);

    /// <summary>The value as one text; reading that text gives the value back.</summary>
    public string Format(DiffusionQuantConfig config) => IsScalar ? Items(config)[0] : CommaList.Join(Items(config));

    /// <summary>What is wrong with the value, each problem one line with the value and the valid values; empty when nothing is.</summary>
    public abstract IReadOnlyList<string> Check(DiffusionQuantConfig config);

    /// <summary>Whether two configurations agree on this setting.</summary>
    public bool HasSameValue(DiffusionQuantConfig left, DiffusionQuantConfig right) => Items(left).SequenceEqual(Items(right));

    private protected string Refuse(string value, string? why = null) =>
        $"{(value.Length == 0 ? "an empty value" : value)} is not valid{(why is null ? "" : $" ({why})")}; valid: {Valid}";
}
