using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>
/// Which layers have calibration samples, and whether these fit: <c>&lt;layer&gt;.input</c> [samples, in_features] tensors of safetensors
/// files.
/// </summary>
internal sealed class CalibrationData
{
    private const string InputSuffix = ".input";
    private const string WeightSuffix = ".weight";

    private readonly Dictionary<string, (long Features, bool IsFinite)> _layers;

    private CalibrationData(Dictionary<string, (long Features, bool IsFinite)> layers) => _layers = layers;

    /// <summary>Opens calibration files; null for none.</summary>
    /// <param name="files">Paths of safetensors files.</param>
    /// <param name="named">Whether the user named them: then a form that cannot be read is an error, otherwise the file is left alone.</param>
    /// <exception cref="CalibrationException">A file is missing, broken, or holds no samples.</exception>
    public static CalibrationData? Open(IReadOnlyList<string> files, bool named)
    {
        string[] readable = [.. files.Where(file => named || file.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))];
        if (readable.Length == 0) return null;
        Dictionary<string, (long, bool)> layers = new(StringComparer.Ordinal);
        foreach (string file in readable) Read(file, layers);
        return new CalibrationData(layers);
    }

    /// <summary>Why the data cannot serve a layer, or null when it can.</summary>
    public CalibrationDefect? DefectOf(string layer, long inputFeatures)
    {
        string name = layer.EndsWith(WeightSuffix, StringComparison.Ordinal) ? layer[..^WeightSuffix.Length] : layer;
        if (!_layers.TryGetValue(name, out (long Features, bool IsFinite) found))
            return new CalibrationDefect("layer_not_calibrated", $"no calibration data for layer {name}", false);
        if (found.Features != inputFeatures)
        {
            return new CalibrationDefect(
                "wrong_channel_count", $"calibration input of layer {name} has {found.Features} channels, expected {inputFeatures}", true);
        }

        return found.IsFinite
            ? null
            : new CalibrationDefect("non_finite_statistics", $"calibration input of layer {name} holds values that are not finite", true);
    }

    private static void Read(string file, Dictionary<string, (long, bool)> layers)
    {
        try
        {
            using IModelSource source = ModelSource.Open(file);
            foreach (TensorInfo tensor in source.Tensors)
            {
                if (!tensor.Name.EndsWith(InputSuffix, StringComparison.Ordinal)) continue;
                if (tensor.Shape.Rank != 2 || !tensor.ElementType.IsWeight())
                {
                    throw new CalibrationException(
                        $"{file}: tensor {tensor.Name} is {tensor.ElementType.Name()} {tensor.Shape}; expected floating-point [samples, in_features]")
                    {
                        FilePath = file,
                        TensorName = tensor.Name,
                    };
                }

                layers[tensor.Name[..^InputSuffix.Length]] = (tensor.Shape.Dimensions[1], IsFinite(source, tensor));
            }
        }
        catch (Exception error) when (error is ModelFormatException or ModelNotFoundException)
        {
            throw new CalibrationException($"calibration data cannot be read: {error.Message}", error) { FilePath = file };
        }

        if (layers.Count == 0)
            throw new CalibrationException($"{file}: no calibration samples: no tensor is named <layer>{InputSuffix}") { FilePath = file };
    }

    private static bool IsFinite(IModelSource source, TensorInfo tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        source.Read(tensor, 0, bytes);
        float[] values = new float[tensor.Shape.ElementCount];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(tensor.ElementType), bytes, values);
        return FiniteCheck.FirstNonFinite(values) < 0;
    }
}
