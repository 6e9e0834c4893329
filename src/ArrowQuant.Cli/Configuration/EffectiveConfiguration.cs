using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>The configuration after every level was applied.</summary>
/// <param name="Config">The values.</param>
/// <param name="Origins">By setting name: <c>default</c>, <c>profile edge (--profile)</c>, or the place of an explicit value.</param>
internal sealed record EffectiveConfiguration(DiffusionQuantConfig Config, IReadOnlyDictionary<string, string> Origins);
