using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Support;

/// <summary>Calibration files that open well and cannot serve the layers.</summary>
public static class BrokenCalibration
{
    private const int Samples = 16;

    /// <summary>Inputs of the layers with another number of channels than the layers have.</summary>
    public static string WrongChannelCount(string folder, IEnumerable<string> layers, int found) =>
        Write(folder, layers.Select(layer => (layer, found)), poison: false);

    /// <summary>Inputs of the right size with one NaN each.</summary>
    public static string NonFinite(string folder, IEnumerable<(string Layer, int Channels)> layers) => Write(folder, layers, poison: true);

    /// <summary>Inputs of a layer that the model does not have.</summary>
    public static string OtherLayers(string folder) => Write(folder, [("some.other.layer", 64)], poison: false);

    private static string Write(string folder, IEnumerable<(string Layer, int Channels)> layers, bool poison)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
        foreach ((string layer, int channels) in layers)
        {
            float[] values = SyntheticModels.Values(WeightDistribution.Gaussian, Samples * channels, 31, standardDeviation: 1);
            if (poison) values[channels] = float.NaN;
            tensors.Add(layer + ".input", ([Samples, channels], values));
        }

        string path = Path.Combine(folder, "broken-calibration.safetensors");
        WeightFileWriter.Write(path, tensors);
        return path;
    }
}
