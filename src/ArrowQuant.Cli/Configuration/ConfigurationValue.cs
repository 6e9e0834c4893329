using ArrowQuant.Configuration;

namespace ArrowQuant.Cli.Configuration;

/// <summary>A value that someone gave explicitly.</summary>
/// <param name="Setting">What it is for.</param>
/// <param name="Items">The value as items, not yet judged.</param>
/// <param name="Origin">Where it was given: <c>config.yaml:12 group_size</c>, <c>ARROW_QUANT_GROUP_SIZE</c>, <c>--group-size</c>.</param>
internal sealed record ConfigurationValue(ConfigurationSetting Setting, IReadOnlyList<string> Items, string Origin);
