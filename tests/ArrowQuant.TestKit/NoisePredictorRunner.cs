using ArrowQuant.Calibration;

namespace ArrowQuant.TestKit;

/// <summary>
/// Runs a sample model for sequential calibration: at every step of the trajectories that its float32 form takes from seeded noise, batches
/// of ten samples, one of each class. Layers are in the order in which they are first used.
/// </summary>
public sealed class NoisePredictorRunner : IModelRunner
{
    private const int Classes = 10;
    private const ulong NoiseSeed = 77;

    private readonly Func<IReadOnlyDictionary<string, (long[] Shape, float[] Values)>, LayerTap?, INoisePredictor> _make;
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _weights;
    private readonly List<(int Timestep, float[] X)> _inputs = [];
    private readonly int[] _labels = [.. Enumerable.Range(0, Classes)];
    private readonly int _rowsPerCall;
    private readonly Dictionary<string, Recording> _original = new(StringComparer.Ordinal);

    private NoisePredictorRunner(
        string model,
        Func<IReadOnlyDictionary<string, (long[] Shape, float[] Values)>, LayerTap?, INoisePredictor> make,
        int steps,
        int rowsPerCall,
        int batches)
    {
        _make = make;
        _rowsPerCall = rowsPerCall;
        _weights = WeightFile.Read(RepositoryPaths.SampleFile(model, "model.safetensors"));
        INoisePredictor original = make(_weights, null);
        for (ulong batch = 0; batch < (ulong)batches; batch++)
        {
            float[] noise = SyntheticModels.Values(
                WeightDistribution.Gaussian, Classes * original.SampleLength, NoiseSeed + batch, standardDeviation: 1);
            DdimSampler.Sample(new Watched(original, _inputs), noise, _labels, steps);
        }

        List<string> order = [];
        Run(_weights, null, (layer, timestep, rows, features) =>
        {
            if (_original.TryAdd(layer, new Recording())) order.Add(layer);
            _original[layer].Add(timestep, rows, features, _rowsPerCall);
        }, CancellationToken.None);
        ForwardOrder = order;
    }

    private delegate void TimedTap(string layer, int timestep, ReadOnlySpan<float> rows, int features);

    /// <inheritdoc/>
    public IReadOnlyList<string> ForwardOrder { get; }

    /// <summary>Runs dit-digits.</summary>
    /// <param name="steps">Steps of a trajectory.</param>
    /// <param name="rowsPerCall">Rows of a layer that are recorded at each step of a batch at most, evenly spaced.</param>
    /// <param name="batches">Batches of ten samples.</param>
    public static NoisePredictorRunner Dit(int steps = 20, int rowsPerCall = 64, int batches = 1) =>
        new("dit-digits", (weights, tap) => new DitModel(weights, tap), steps, rowsPerCall, batches);

    /// <summary>Runs diffwave-spoken-digits.</summary>
    /// <inheritdoc cref="Dit"/>
    public static NoisePredictorRunner DiffWave(int steps = 20, int rowsPerCall = 64, int batches = 1) =>
        new("diffwave-spoken-digits", (weights, tap) => new DiffWaveModel(weights, tap), steps, rowsPerCall, batches);

    /// <inheritdoc/>
    public LayerInputs Record(
        string layer, IReadOnlyDictionary<string, ReadOnlyMemory<float>> replaced, CancellationToken cancellationToken)
    {
        if (replaced.Count == 0) return _original[layer].ToInputs();
        Dictionary<string, (long[] Shape, float[] Values)> weights = new(_weights, StringComparer.Ordinal);
        foreach ((string name, ReadOnlyMemory<float> values) in replaced) weights[name] = (_weights[name].Shape, values.ToArray());
        var recording = new Recording();
        Run(weights, layer, (_, timestep, rows, features) => recording.Add(timestep, rows, features, _rowsPerCall), cancellationToken);
        return recording.ToInputs();
    }

    private void Run(
        IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, string? only, TimedTap tap,
        CancellationToken cancellationToken)
    {
        int now = 0;
        INoisePredictor model = _make(weights, (layer, rows, features) =>
        {
            if (only is null || layer == only) tap(layer, now, rows, features);
        });
        foreach ((int timestep, float[] x) in _inputs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            now = timestep;
            model.Predict(x, timestep, _labels, new float[x.Length]);
        }
    }

    // One batch is sampled in one thread, so that its steps come in order.
    private sealed class Watched(INoisePredictor model, List<(int Timestep, float[] X)> inputs) : INoisePredictor
    {
        public int SampleLength => model.SampleLength;

        public void Predict(ReadOnlySpan<float> x, int timestep, ReadOnlySpan<int> labels, Span<float> noise)
        {
            inputs.Add((timestep, x.ToArray()));
            model.Predict(x, timestep, labels, noise);
        }
    }

    private sealed class Recording
    {
        private readonly List<float> _rows = [];
        private readonly List<int> _timesteps = [];

        public void Add(int timestep, ReadOnlySpan<float> rows, int features, int most)
        {
            int count = rows.Length / features;
            int kept = Math.Min(count, most);
            for (int i = 0; i < kept; i++)
            {
                // Half a step in, and another place at every timestep, so that no position of a sample is preferred.
                int row = (((2 * i) + 1) * count / (2 * kept) + timestep) % count;
                _rows.AddRange(rows.Slice(row * features, features));
                _timesteps.Add(timestep);
            }
        }

        public LayerInputs ToInputs() => new(_rows.ToArray(), _timesteps.ToArray());
    }
}
