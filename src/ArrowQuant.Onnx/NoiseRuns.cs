using ArrowQuant.Errors;
using ArrowQuant.Sources.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace ArrowQuant.Onnx;

/// <summary>
/// Lets the model denoise: Gaussian noise at the last timestep, then deterministic DDIM steps (Song et al. 2021, eta 0) with the noise that
/// the model predicts, over 1000 steps of linear betas 1e-4..0.02. So every layer sees what it sees when samples are made.
/// </summary>
internal sealed class NoiseRuns : IRunSource
{
    private const int TrainSteps = 1000;

    private readonly OnnxSource _source;
    private readonly OnnxCalibrationOptions _options;
    private readonly OnnxValue _image;
    private readonly OnnxValue _timestep;
    private readonly long[] _shape;
    private readonly int[] _timesteps;
    private readonly double[] _alphas = new double[TrainSteps];
    private readonly float[] _x;
    private readonly List<(OnnxValue Input, long[] Shape, byte[] Values)> _others = [];
    private int _step;

    /// <summary>Prepares the noise.</summary>
    /// <exception cref="CalibrationException">The model is none that predicts noise, or has inputs that cannot be made up.</exception>
    public NoiseRuns(OnnxSource source, OnnxCalibrationOptions options)
    {
        _source = source;
        _options = options;
        IReadOnlyList<OnnxValue> inputs = ModelInputs.Of(source.Graph);
        OnnxValue output = source.Graph.Outputs is [OnnxValue first, ..] ? first : throw Fault("has no output");
        _timestep = ModelInputs.TimestepOf(inputs, options.TimestepInput) ?? throw Fault("has no timestep input");
        _image = inputs.FirstOrDefault(input => input != _timestep && input.DataType == OnnxTypes.Float && IsLike(input, output))
            ?? throw Fault($"has no float32 input of the same dimensions as its output {output.Name}");
        long samples = _image.Dimensions![0] ?? options.Samples;
        _shape = [samples, .. _image.Dimensions.Skip(1).Select(size => size!.Value)];
        var random = new GaussianNumbers(options.Seed);
        _x = new float[_shape.Aggregate(1L, (product, size) => checked(product * size))];
        for (int i = 0; i < _x.Length; i++) _x[i] = (float)random.NextGaussian();
        foreach (OnnxValue input in inputs.Where(input => input != _image && input != _timestep)) _others.Add(MakeUp(input, random));
        double product = 1;
        for (int t = 0; t < TrainSteps; t++) _alphas[t] = product *= 1 - (1e-4 + (0.02 - 1e-4) * t / (TrainSteps - 1));
        _timesteps = [.. Enumerable.Range(0, options.Timesteps).Select(i => (options.Timesteps - 1 - i) * TrainSteps / options.Timesteps)];
        ObservedOutput = output.Name;
    }

    /// <inheritdoc/>
    public int Count => _timesteps.Length;

    /// <inheritdoc/>
    public string? ObservedOutput { get; }

    /// <inheritdoc/>
    public ModelRun Inputs(int index)
    {
        _step = index;
        Dictionary<string, OrtValue> values = new(StringComparer.Ordinal)
        {
            [_image.Name] = ModelInputs.Create(_image.DataType, _shape, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(_x)),
            [_timestep.Name] = ModelInputs.Fill(_timestep, ShapeOf(_timestep), _timesteps[index]),
        };
        foreach ((OnnxValue input, long[] shape, byte[] bytes) in _others)
            values.Add(input.Name, ModelInputs.Create(input.DataType, shape, bytes));
        return new ModelRun(_timesteps[index], values);
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<float> output)
    {
        if (output.Length != _x.Length) throw Fault($"gives {output.Length} values for {_x.Length} of {_image.Name}; it does not predict noise");
        double now = _alphas[_timesteps[_step]];
        double next = _step + 1 < _timesteps.Length ? _alphas[_timesteps[_step + 1]] : 1;
        for (int i = 0; i < _x.Length; i++)
        {
            double clean = (_x[i] - Math.Sqrt(1 - now) * output[i]) / Math.Sqrt(now);
            _x[i] = (float)(Math.Sqrt(next) * clean + Math.Sqrt(1 - next) * output[i]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static bool IsLike(OnnxValue input, OnnxValue output) =>
        input.Dimensions is { Count: >= 2 } dimensions
        && output.Dimensions is { } others
        && dimensions.Count == others.Count
        && dimensions.Skip(1).All(size => size is not null)
        && dimensions.Skip(1).SequenceEqual(others.Skip(1));

    // Class labels and tokens are looked up in a table, whose rows tell how many there are; other conditions are noise.
    private (OnnxValue Input, long[] Shape, byte[] Values) MakeUp(OnnxValue input, GaussianNumbers random)
    {
        long[] shape = ShapeOf(input);
        int count = (int)shape.Aggregate(1L, (product, size) => checked(product * size));
        if (input.DataType is OnnxTypes.Float or OnnxTypes.Float16)
            return (input, shape, ModelInputs.Numbers(input.DataType, [.. Enumerable.Range(0, count).Select(_ => random.NextGaussian())]));
        OnnxNode? lookup = _source.Graph.Nodes.FirstOrDefault(node => node.OpType == "Gather" && node.Input(1) == input.Name);
        long rows = _source.Graph.Initializers.FirstOrDefault(tensor => tensor.Name == lookup?.Input(0))?.Shape.Dimensions.FirstOrDefault() ?? 0;
        if (rows == 0 || input.DataType is not (OnnxTypes.Int64 or OnnxTypes.Int32))
            throw Fault($"has an input {input.Name} whose values cannot be made up");
        return (input, shape, ModelInputs.Numbers(input.DataType, [.. Enumerable.Range(0, count).Select(_ => (double)random.NextInteger(rows))]));
    }

    private long[] ShapeOf(OnnxValue input)
    {
        if (input.Dimensions is not { } dimensions) throw Fault($"does not tell the dimensions of its input {input.Name}");
        return [.. dimensions.Select((size, axis) => size ?? (axis == 0 ? _shape[0] : throw Fault($"leaves dimension {axis} of its input {input.Name} open")))];
    }

    private CalibrationException Fault(string what) =>
        OnnxFault.Inputs(_source.File.Path, $"{what}; give real inputs instead of noise: --calibrate-onnx INPUTS.safetensors");
}
