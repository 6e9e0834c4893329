using Microsoft.ML.OnnxRuntime;

namespace ArrowQuant.Onnx;

/// <summary>The inputs of one run.</summary>
/// <param name="Timestep">The denoising timestep of all samples, or null when it is not known.</param>
/// <param name="Values">A value for each input of the model.</param>
internal sealed record ModelRun(double? Timestep, IReadOnlyDictionary<string, OrtValue> Values) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (OrtValue value in Values.Values) value.Dispose();
    }
}
