using ArrowQuant.Calibration;
using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace ArrowQuant.Onnx;

/// <summary>Inputs from a safetensors file: for each input of the model a tensor [samples, ...]; samples of one timestep run together.</summary>
internal sealed class RecordedRuns : IRunSource
{
    private const string TimestepTensor = "timestep";
    private const int SamplesAtOnce = 16;

    private readonly SafeTensorsFile _file;
    private readonly List<(OnnxValue Input, SafeTensorsEntry Entry)> _inputs = [];
    private readonly List<(double? Timestep, int[] Samples)> _runs = [];

    /// <summary>Opens the file and matches it with the model.</summary>
    /// <exception cref="CalibrationException">A tensor is missing or does not fit the model's input.</exception>
    public RecordedRuns(OnnxSource source, OnnxCalibrationOptions options)
    {
        string path = options.InputsPath!;
        if (!File.Exists(path)) throw OnnxFault.Inputs(path, "no such file, expected inputs of the model as safetensors, or the word noise");
        try
        {
            _file = SafeTensorsFile.Open(path);
        }
        catch (ModelFormatException e)
        {
            throw OnnxFault.Inputs(path, $"is not a safetensors file with inputs of the model: {e.Message}", e);
        }

        try
        {
            Match(source, options);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Count => _runs.Count;

    /// <inheritdoc/>
    public string? ObservedOutput => null;

    /// <inheritdoc/>
    public ModelRun Inputs(int index)
    {
        (double? timestep, int[] samples) = _runs[index];
        Dictionary<string, OrtValue> values = new(StringComparer.Ordinal);
        foreach ((OnnxValue input, SafeTensorsEntry entry) in _inputs)
        {
            bool isScalar = input.Dimensions is { Count: 0 };
            int bytes = (int)((entry.End - entry.Begin) / entry.Shape.Dimensions[0]);
            int count = isScalar ? 1 : samples.Length;
            byte[] data = new byte[bytes * count];
            for (int i = 0; i < count; i++) _file.Read(entry, (long)samples[i] * bytes, data.AsSpan(i * bytes, bytes));
            long[] shape = isScalar ? [] : [count, .. entry.Shape.Dimensions.Skip(1)];
            values.Add(input.Name, ModelInputs.Create(input.DataType, shape, data));
        }

        return new ModelRun(timestep, values);
    }

    /// <inheritdoc/>
    public void Observe(ReadOnlySpan<float> output)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Match(OnnxSource source, OnnxCalibrationOptions options)
    {
        IReadOnlyList<OnnxValue> inputs = ModelInputs.Of(source.Graph);
        Dictionary<string, SafeTensorsEntry> entries = _file.Header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        long? samples = null;
        foreach (OnnxValue input in inputs)
        {
            if (!entries.TryGetValue(input.Name, out SafeTensorsEntry? entry))
                throw Fault($"has no tensor '{Printable.Of(input.Name)}', expected one for each input: {string.Join(", ", inputs.Select(i => Printable.Of(i.Name)))}");
            if (OnnxTypes.Of(input.DataType) != entry.ElementType)
                throw Fault($"tensor '{entry.Name}' is {entry.ElementType.Name()}, expected {OnnxTypes.Of(input.DataType)?.Name() ?? "another type"} as the model takes it");
            if (entry.Shape.Rank == 0 || entry.Shape.Dimensions[0] == 0 || (samples ??= entry.Shape.Dimensions[0]) != entry.Shape.Dimensions[0])
                throw Fault($"tensor '{entry.Name}' is {entry.Shape}, expected [samples, ...] with the same number of samples as the others");
            if (!Fits(input, entry.Shape))
                throw Fault($"tensor '{entry.Name}' is {entry.Shape}, the model takes [{string.Join(", ", input.Dimensions!.Select(size => size?.ToString() ?? "any"))}]");
            _inputs.Add((input, entry));
        }

        SafeTensorsEntry? stepEntry = entries.GetValueOrDefault(ModelInputs.TimestepOf(inputs, options.TimestepInput)?.Name ?? TimestepTensor);
        PlanRuns(samples ?? throw Fault("serves no model without inputs"), stepEntry, inputs);
    }

    private void PlanRuns(long samples, SafeTensorsEntry? stepEntry, IReadOnlyList<OnnxValue> inputs)
    {
        double[]? steps = null;
        if (stepEntry is not null)
        {
            byte[] bytes = new byte[stepEntry.End - stepEntry.Begin];
            _file.Read(stepEntry, 0, bytes);
            steps = Timesteps.Decode(stepEntry.ElementType, bytes);
            if (steps.Length != samples) throw Fault($"tensor '{stepEntry.Name}' has {steps.Length} timesteps, expected {samples}");
        }

        IGrouping<double?, int>[] groups = [.. Enumerable.Range(0, (int)samples).GroupBy(i => steps?[i]).OrderBy(group => group.Key)];
        // All runs have the same number of samples, so that every run gives a layer as many rows.
        long? wanted = inputs.Select(input => input.Dimensions is [{ } first, ..] ? (long?)first : null).FirstOrDefault(size => size is not null);
        int least = groups.Min(group => group.Count());
        bool isEven = groups.All(group => group.Count() % Math.Min(least, SamplesAtOnce) == 0);
        int batch = (int)(wanted ?? (isEven ? Math.Min(least, SamplesAtOnce) : 1));
        foreach (IGrouping<double?, int> group in groups)
        {
            if (group.Count() % batch != 0)
                throw Fault($"has {group.Count()} samples at timestep {group.Key}, expected a multiple of {batch}, which the model takes together");
            _runs.AddRange(group.Chunk(batch).Select(chunk => (group.Key, chunk)));
        }
    }

    private static bool Fits(OnnxValue input, TensorShape shape)
    {
        if (input.Dimensions is not { } dimensions) return true;
        if (dimensions.Count == 0) return shape.Rank == 1;
        return dimensions.Count == shape.Rank && Enumerable.Range(1, shape.Rank - 1).All(d => dimensions[d] is not { } size || size == shape.Dimensions[d]);
    }

    private CalibrationException Fault(string what) => OnnxFault.Inputs(_file.Path, what);
}
