using ArrowQuant.Configuration;

namespace ArrowQuant.Methods;

/// <summary>What a modality asks for: a method and an enhancement. Never changes during a run.</summary>
/// <param name="Method"><c>r2q</c> or <c>gptq</c>.</param>
/// <param name="Enhancement"><c>time_aware</c>, <c>spatial</c> or <c>none</c>.</param>
internal sealed record Strategy(string Method, string Enhancement)
{
    /// <summary>
    /// Text and code: r2q with time-aware calibration; image and audio: gptq with channel equalization. In the recipe <c>best</c> gptq
    /// for all of them, without equalization.
    /// </summary>
    public static Strategy For(Modality modality, DiffusionQuantConfig config) => modality switch
    {
        Modality.Text or Modality.Code => new Strategy(
            config.Recipe == Recipe.Best ? MethodNames.Gptq : MethodNames.R2Q,
            config.EnableTimeAware ? MethodNames.TimeAware : MethodNames.None),
        Modality.Image or Modality.Audio => new Strategy(
            MethodNames.Gptq, config.EnableSpatial && config.Recipe != Recipe.Best ? MethodNames.Spatial : MethodNames.None),
        _ => throw new ArgumentOutOfRangeException(nameof(modality), modality, "text, code, image or audio"),
    };
}
