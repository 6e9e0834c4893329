namespace ArrowQuant.Fallback;

/// <summary>How often something was tried and how often it was replaced. Failed attempts count too.</summary>
/// <param name="Attempts">Times it was tried.</param>
/// <param name="Fallbacks">Times it failed and something else took its place.</param>
public sealed record FallbackRate(long Attempts, long Fallbacks)
{
    /// <summary>Fallbacks over attempts, 0 when nothing was tried.</summary>
    public double Rate => Attempts == 0 ? 0 : (double)Fallbacks / Attempts;
}
