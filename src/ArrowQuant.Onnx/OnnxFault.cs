using ArrowQuant.Errors;

namespace ArrowQuant.Onnx;

/// <summary>Words the one-line failures of recording.</summary>
internal static class OnnxFault
{
    /// <summary>Inputs that do not serve the model.</summary>
    public static CalibrationException Inputs(string path, string what, Exception? cause = null) =>
        new($"{path}: {what}", cause) { FilePath = path };

    /// <summary>A model that ONNX Runtime does not run; its message on one line.</summary>
    public static ModelFormatException Runtime(string path, Exception cause) =>
        new($"{path}: ONNX Runtime does not run this model: {cause.Message.ReplaceLineEndings(" ")}", cause) { FilePath = path };
}
