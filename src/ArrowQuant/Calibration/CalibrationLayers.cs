namespace ArrowQuant.Calibration;

/// <summary>What one file holds: rows and channel moments by layer.</summary>
internal sealed class CalibrationLayers
{
    private const string WeightSuffix = ".weight";

    /// <summary>Activation rows, by the layer's name without <c>.weight</c>.</summary>
    public Dictionary<string, ActivationRows> Rows { get; } = new(StringComparer.Ordinal);

    /// <summary>Moments of channels, by the layer's name without <c>.weight</c>.</summary>
    public Dictionary<string, ChannelMoments> Moments { get; } = new(StringComparer.Ordinal);

    /// <summary>Data may name a layer as its module or as its weight; both are the module.</summary>
    public static string NameOf(string layer) =>
        layer.EndsWith(WeightSuffix, StringComparison.Ordinal) ? layer[..^WeightSuffix.Length] : layer;
}
