using System.Text;
using ArrowQuant.Cli.Configuration;
using ArrowQuant.Cli.Rendering;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Readers of settings.</summary>
internal static class ConfigurationFuzzTargets
{
    private const string Settings = """
        # what the run shall do
        deployment_profile: edge
        bit_width: 4
        modality: image
        time_partition: "quantile"
        group_size: 64
        min_accuracy: 9.5e-1
        fail_fast: false
        sensitive_layer_names: [head, 'a.b', "c\td"]
        sensitive_layer_patterns:
          - "^block\\..*"
          - out.*
        layer_bit_widths: {"blocks.0.mlp": 8, "attn.*": 16}
        max_memory_mb: 256MiB
        compression: ~
        """;

    private const string Odd = """
        %YAML 1.2
        ---
        defaults: &base {bit_width: 2, min_accuracy: 0.5}
        list: &l [base, base]
        ? [a, b]
        : |
          text
          of lines
        <<: {bit_width: 8}
        compression: !!str zstd
        ...
        """;

    /// <summary>The YAML file of <c>--config</c>, merged into a configuration.</summary>
    public static FuzzTarget Yaml() => new(
        "yaml", new TempFolder(), "config.yaml", [Seed(Settings), Seed(Odd)], path =>
        {
            List<string> errors = [];
            IReadOnlyList<ConfigurationValue> values = YamlConfigurationReader.ReadFile(path, errors);
            DiffusionQuantConfig config = ConfigurationMerge.Merge([values], errors).Config;
            if (errors.Count > 0) throw new ConfigurationException([.. errors.Select(OneLine.Of)]);
            ConfigurationValidator.Validate(config);
        });

    private static FuzzSeed Seed(string text) => FuzzSeed.Whole(Encoding.UTF8.GetBytes(text));
}
