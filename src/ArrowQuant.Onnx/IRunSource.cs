namespace ArrowQuant.Onnx;

/// <summary>Where the inputs of a model come from. The runs are made in order.</summary>
internal interface IRunSource : IDisposable
{
    /// <summary>How many runs there are.</summary>
    int Count { get; }

    /// <summary>The output that <see cref="Observe"/> wants to see, or null.</summary>
    string? ObservedOutput { get; }

    /// <summary>The inputs of a run; the caller disposes them.</summary>
    ModelRun Inputs(int index);

    /// <summary>Shows what the model gave in the run.</summary>
    void Observe(ReadOnlySpan<float> output);
}
