using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ArrowQuant.TestKit;

/// <summary>dit-digits as an ONNX file, run in ONNX Runtime with one thread.</summary>
public sealed class OnnxNoisePredictor : INoisePredictor, IDisposable
{
    private readonly InferenceSession _session;

    /// <summary>Loads a model file.</summary>
    public OnnxNoisePredictor(string path)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(path, options);
    }

    /// <inheritdoc/>
    public int SampleLength => 64;

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> x, int timestep, ReadOnlySpan<int> labels, Span<float> noise)
    {
        int count = labels.Length;
        long[] times = [.. Enumerable.Repeat((long)timestep, count)];
        long[] classes = Array.ConvertAll(labels.ToArray(), label => (long)label);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = _session.Run(
        [
            NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x.ToArray(), [count, 1, 8, 8])),
            NamedOnnxValue.CreateFromTensor("t", new DenseTensor<long>(times, [count])),
            NamedOnnxValue.CreateFromTensor("y", new DenseTensor<long>(classes, [count])),
        ]);
        results[0].AsTensor<float>().ToDenseTensor().Buffer.Span.CopyTo(noise);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();
}
