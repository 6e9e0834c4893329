using ArrowQuant.Configuration;
using ArrowQuant.Fallback;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>The threshold that a configuration asks for at each width.</summary>
internal static class ThresholdRules
{
    /// <summary>The threshold at a width, for the mean of a model or in layer scope for a layer.</summary>
    public static double Of(DiffusionQuantConfig config, int bitWidth) => FallbackPolicy.ThresholdAt(
        new FallbackRules(config.BitWidth, config.MinAccuracy, config.FailFast, config.KeepMinAccuracy), bitWidth);
}
