using System.Text.RegularExpressions;

namespace ArrowQuant.Sources;

/// <summary>The variant that a weight file's name carries, as in <c>diffusion_pytorch_model.fp16.safetensors</c>.</summary>
internal static partial class WeightVariant
{
    /// <summary>The variant (<c>fp16</c>), or null for the plain weights.</summary>
    public static string? Of(string fileName)
    {
        foreach (Regex form in (ReadOnlySpan<Regex>)[IndexThenVariant(), StandardName(), AnyName()])
        {
            Match match = form.Match(fileName);
            if (match.Success) return match.Groups["variant"].Value;
        }

        return null;
    }

    /// <summary>The name without its variant: what the plain weights would be called.</summary>
    public static string PlainName(string fileName) =>
        Of(fileName) is { } variant ? fileName.Replace("." + variant, "", StringComparison.Ordinal) : fileName;

    // model.safetensors.index.fp16.json
    [GeneratedRegex(@"\.safetensors\.index\.(?<variant>[A-Za-z0-9_]+)\.json$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex IndexThenVariant();

    // Behind the names that the libraries give, anything is a variant: model.non_ema.safetensors, model.fp16-00001-of-00002.safetensors
    [GeneratedRegex(
        @"^(?:model|pytorch_model|diffusion_pytorch_model)(?:-\d+-of-\d+)?\.(?!safetensors(?:\.|$))"
        + @"(?<variant>[A-Za-z0-9_]+)(?:-\d+-of-\d+)?\.safetensors(?:\.index\.json)?$",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex StandardName();

    // Behind other names a dot may mean anything (sd_xl_base_1.0.safetensors), so only known variants count.
    [GeneratedRegex(
        @"\.(?<variant>fp16|bf16|fp32|fp8|fp8_e4m3fn|fp8_e5m2|ema|non_ema)(?:-\d+-of-\d+)?\.safetensors(?:\.index\.json)?$",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex AnyName();
}
