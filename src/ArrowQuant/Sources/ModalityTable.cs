using System.Text.RegularExpressions;
using ArrowQuant.Configuration;

namespace ArrowQuant.Sources;

/// <summary>From names of architectures, classes and model types to what they make.</summary>
internal static partial class ModalityTable
{
    // How names begin, in lower case and without separators.
    private static readonly string[] Audio =
    [
        "diffwave", "musicldm", "stableaudio", "wavegrad", "priorgrad", "dancediffusion", "riffusion", "acestep", "gradtts", "difftts",
        "diffsinger", "f5tts", "unet1d", "musicgen", "tango", "makeanaudio", "noise2music",
    ];

    private static readonly string[] Text =
    [
        "llada", "dreammodel", "dreamfor", "dreamv0", "dream7b", "mdlm", "sedd", "bd3lm", "diffullama", "diffugpt", "diffusionlm",
        "diffuseq", "plaid", "udlm", "gidd", "radd", "d3pm", "smdm", "maskeddiffusionlm", "sdar", "fastdllm",
    ];

    private static readonly string[] Image =
    [
        "dit", "unet2d", "unetmodel", "stablediffusion", "stableunclip", "stablecascade", "sdxl", "sd3", "flux", "pixart", "kandinsky",
        "hunyuandit", "hunyuanimage", "sana", "lumina", "auraflow", "cogview", "qwenimage", "zimage", "latentdiffusion",
        "latentconsistency", "ldm", "ddpm", "ddim", "adm", "edm", "uvit", "mdt", "sitmodel", "sittransformer", "mmdit", "nextdit",
        "wuerstchen", "chroma", "hidream", "omnigen", "bria", "ifpipeline", "unclip", "paintbyexample", "controlnet", "transformer2d",
        "priortransformer", "consistencymodel", "ncsn", "scorebased", "vqdiffusion", "guideddiffusion",
    ];

    /// <summary>
    /// What a diffusion model of this name makes, or null when the name is not known. Case, <c>_</c>, <c>-</c> and spaces do not matter,
    /// but for code, where <c>Coder</c> is told from <c>Encoder</c> by its capital.
    /// </summary>
    public static Modality? Of(string name)
    {
        if (Code().IsMatch(name)) return Modality.Code;
        string plain = Separators().Replace(name, "").ToLowerInvariant();
        if (plain.Contains("audio", StringComparison.Ordinal) || BeginsWithOne(Audio, plain)) return Modality.Audio;
        if (plain == "dream" || BeginsWithOne(Text, plain)) return Modality.Text;
        return plain == "sit" || BeginsWithOne(Image, plain) ? Modality.Image : null;
    }

    /// <summary>The value of a <c>modality</c> key: text, code, image or audio in any case.</summary>
    public static bool TryParse(string value, out Modality modality) =>
        Enum.TryParse(value, ignoreCase: true, out modality) && value.Length > 0 && char.IsLetter(value[0]);

    private static bool BeginsWithOne(string[] beginnings, string name) =>
        beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));

    [GeneratedRegex(@"[_\-\s./]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Separators();

    // DiffuCoder, DreamCoder, diffucoder, CodeLLaDA, code-diffusion; not Encoder, Decoder, EnCodec, AutoencoderKL
    [GeneratedRegex(
        @"(?:^|[^A-Za-z]|[a-z0-9](?=C))[Cc]ode(?:r(?:[^a-z]|$)|[^a-z]|$)|(?i:diffu|dream|llada)coder",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Code();
}
