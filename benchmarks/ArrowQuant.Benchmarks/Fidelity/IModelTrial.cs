using ArrowQuant.Calibration;

namespace ArrowQuant.Benchmarks.Fidelity;

/// <summary>A sample model and how its weights are judged.</summary>
internal interface IModelTrial
{
    /// <summary>Its folder in samples/models.</summary>
    string Model { get; }

    /// <summary>The figures of <see cref="Judge"/>, in order, with the format of each.</summary>
    IReadOnlyList<(string Name, string Format)> Columns { get; }

    /// <summary>Runs the model for sequential calibration; null where that is not done.</summary>
    IModelRunner? Runner { get; }

    /// <summary>What a model with these weights does.</summary>
    double[] Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights);
}
