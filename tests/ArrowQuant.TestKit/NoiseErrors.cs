namespace ArrowQuant.TestKit;

/// <summary>Relative errors of a model's noise prediction against its stored reference outputs, one per timestep.</summary>
public sealed class NoiseErrors
{
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _reference;
    private readonly int[] _labels;

    /// <summary>Loads <c>eps.*</c> of a sample model's reference.safetensors.</summary>
    public NoiseErrors(string model)
    {
        _reference = WeightFile.Read(RepositoryPaths.SampleFile(model, "reference.safetensors"));
        _labels = [.. _reference["eps.labels"].Values.Select(label => (int)label)];
        Timesteps = [.. _reference["eps.timesteps"].Values.Select(step => (int)step)];
    }

    /// <summary>The timesteps of the reference, in its order.</summary>
    public IReadOnlyList<int> Timesteps { get; }

    /// <summary>|eps - eps'|^2 / |eps|^2 at every timestep.</summary>
    public double[] Of(INoisePredictor model)
    {
        return [.. Timesteps.Select(step =>
        {
            float[] expected = _reference[$"eps.output.{step}"].Values;
            float[] actual = new float[expected.Length];
            model.Predict(_reference[$"eps.x_t.{step}"].Values, step, _labels, actual);
            return Figures.Nmse(expected, actual);
        })];
    }
}
