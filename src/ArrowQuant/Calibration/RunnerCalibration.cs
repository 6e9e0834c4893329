using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>Loads the calibration rows of a layer by running the model twice: as it is, and with the layers before it quantized.</summary>
/// <param name="runner">Runs the model.</param>
/// <param name="config">Time groups, partition and cap.</param>
/// <param name="budget">Pays for loaded rows.</param>
internal sealed class RunnerCalibration(IModelRunner runner, DiffusionQuantConfig config, MemoryBudget? budget)
{
    private const int LargestTimestep = 1_000_000;

    private static readonly Dictionary<string, ReadOnlyMemory<float>> Nothing = [];

    private readonly LayerLoader _loader = new(config, budget);

    /// <summary>The rows of a layer as the replaced tensors make them, each with the row of the original model.</summary>
    /// <param name="layer">The weight's name.</param>
    /// <param name="features">Columns of the layer's matrix.</param>
    /// <param name="replaced">Tensors that are quantized already.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="CalibrationException">The runner gave rows that do not fit the layer or each other.</exception>
    /// <exception cref="ResourceException">The rows do not fit in the memory bound.</exception>
    public LayerCalibration Load(
        string layer, long features, IReadOnlyDictionary<string, ReadOnlyMemory<float>> replaced, CancellationToken cancellationToken)
    {
        LayerInputs original = runner.Record(layer, Nothing, cancellationToken);
        LayerInputs quantized = replaced.Count == 0 ? original : runner.Record(layer, replaced, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        RecordedRows rows = RowsOf(layer, features, quantized);
        RecordedRows expected = RowsOf(layer, features, original);
        if (!original.Timesteps.SequenceEqual(quantized.Timesteps))
            throw Refuse(layer, $"{quantized.Timesteps.Count} rows with quantized layers before it and {original.Timesteps.Count} without", "the same rows at every call");
        ActivationSurvey survey = ActivationSurvey.Of(rows);
        string? place = survey.NonFinite ?? ActivationSurvey.Of(expected).NonFinite;
        if (place is not null) throw Refuse(layer, $"a value that is not finite in {place}", "finite inputs");
        return _loader.Load(layer, rows, survey, null, expected);
    }

    private static RecordedRows RowsOf(string layer, long features, LayerInputs inputs)
    {
        int count = inputs.Timesteps.Count;
        if (count < LayerLoader.FewestRows) throw Refuse(layer, $"{count} rows", $"at least {LayerLoader.FewestRows}");
        if (inputs.Rows.Length != count * features)
            throw Refuse(layer, $"{inputs.Rows.Length} values for {count} timesteps", $"{features} for each");
        foreach (int timestep in inputs.Timesteps)
        {
            if (timestep is < 0 or > LargestTimestep) throw Refuse(layer, $"timestep {timestep}", $"0..{LargestTimestep}");
        }

        return new RecordedRows(inputs.Rows)
        {
            FilePath = "the model runner",
            Layer = layer,
            Features = (int)features,
            Count = count,
            Timesteps = [.. inputs.Timesteps.Select(timestep => (double)timestep)],
        };
    }

    private static CalibrationException Refuse(string layer, string found, string expected) =>
        new($"the model runner gave {found} as inputs of layer {layer}, expected {expected}") { TensorName = layer };
}
