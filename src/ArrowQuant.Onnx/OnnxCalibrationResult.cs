namespace ArrowQuant.Onnx;

/// <summary>What was recorded.</summary>
/// <param name="Layers">Layers with rows.</param>
/// <param name="Runs">How often the model was run.</param>
/// <param name="Rows">Rows of all layers.</param>
/// <param name="Unrecorded">Layers whose inputs are not recorded: transposed and grouped convolutions, automatic padding.</param>
public sealed record OnnxCalibrationResult(int Layers, int Runs, long Rows, IReadOnlyList<string> Unrecorded);
