using System.Text.RegularExpressions;
using ArrowQuant.Configuration;

namespace ArrowQuant.Sources;

/// <summary>From names of architectures, classes and model types to what they make.</summary>
internal static partial class ModalityTable
{
    /// <summary>
    /// What a diffusion model of this name makes, or null when the name is not known. Case, <c>_</c>, <c>-</c> and spaces do not matter,
    /// but for code, where <c>Coder</c> is told from <c>Encoder</c> by its capital.
    /// </summary>
    public static Modality? Of(string name)
    {
        if (Code().IsMatch(name)) return Modality.Code;
        string plain = Separators().Replace(name, "").ToLowerInvariant();
        if (Audio().IsMatch(plain)) return Modality.Audio;
        if (Text().IsMatch(plain)) return Modality.Text;
        return Image().IsMatch(plain) ? Modality.Image : null;
    }

    /// <summary>The value of a <c>modality</c> key: text, code, image or audio in any case.</summary>
    public static bool TryParse(string value, out Modality modality) =>
        Enum.TryParse(value, ignoreCase: true, out modality) && value.Length > 0 && char.IsLetter(value[0]);

    [GeneratedRegex(@"[_\-\s./]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Separators();

    // DiffuCoder, DreamCoder, diffucoder, CodeLLaDA, code-diffusion; not Encoder, Decoder, EnCodec, AutoencoderKL
    [GeneratedRegex(@"(?:^|[^A-Za-z]|[a-z0-9](?=C))[Cc]ode(?:r(?:[^a-z]|$)|[^a-z]|$)|(?i:diffu|dream|llada)coder", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Code();

    [GeneratedRegex(
        @"audio|^(?:diffwave|musicldm|stableaudio|wavegrad|priorgrad|dancediffusion|riffusion|acestep|gradtts|difftts|diffsinger|f5tts|unet1d|musicgen|tango|makeanaudio|noise2music)",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Audio();

    [GeneratedRegex(
        @"^(?:llada|dream(?!booth|shaper|like)|mdlm|sedd|bd3lm|diffullama|diffugpt|diffusionlm|diffuseq|plaid|udlm|gidd|radd|d3pm|smdm|mdm(?:for)?lm|maskeddiffusionlm|sdar|fastdllm|a2d)",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Text();

    [GeneratedRegex(
        @"^(?:dit(?!to)|unet2d|unetmodel|stablediffusion|stableunclip|stablecascade|sdxl|sd3|flux|pixart|kandinsky|hunyuandit|hunyuanimage|sana|lumina|auraflow|cogview|qwenimage|zimage|latentdiffusion|latentconsistency|ldm|ddpm|ddim|adm|edm|uvit|mdt|sit(?:model|transformer|$)|mmdit|nextdit|wuerstchen|chroma|hidream|omnigen|bria|ifpipeline|unclip|paintbyexample|controlnet|transformer2d|dittransformer2d|priortransformer|consistencymodel|ncsn|scorebased|vqdiffusion|guideddiffusion)",
        RegexOptions.CultureInvariant,
        1000)]
    private static partial Regex Image();
}
