using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Sources.Onnx;

namespace ArrowQuant.Onnx;

/// <summary>Records calibration data: the inputs of a model's layers while ONNX Runtime runs it.</summary>
public static class OnnxCalibration
{
    private const string WeightSuffix = ".weight";

    /// <summary>
    /// Runs a model and writes the inputs of its layers as a safetensors file that <c>quantize --calibration</c> takes. The same inputs on
    /// the same machine give the same bytes; another processor may round otherwise.
    /// </summary>
    /// <param name="modelPath">An ONNX file, or a folder with one.</param>
    /// <param name="outputPath">The file to write; it appears complete or not at all.</param>
    /// <param name="options">What is recorded; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the work; nothing is written then.</param>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelFormatException">It is no ONNX model, or ONNX Runtime does not run it.</exception>
    /// <exception cref="CalibrationException">The inputs do not serve the model.</exception>
    /// <exception cref="ConfigurationException">An option is not valid.</exception>
    /// <exception cref="ResourceException">The file cannot be written.</exception>
    public static OnnxCalibrationResult Record(
        string modelPath, string outputPath, OnnxCalibrationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        options ??= new OnnxCalibrationOptions();
        ThrowIfInvalid(options);
        using IModelSource opened = ModelSource.Open(modelPath);
        OnnxSource source = opened as OnnxSource ?? throw new ModelFormatException(
            $"{opened.Path}: is {opened.Description.Format}, expected an ONNX model to run")
        { FilePath = opened.Path };
        LayerTap?[] taps = [.. source.Layers.Where(layer => layer.IsLayer).Select(LayerTap.Of)];
        string[] unrecorded =
            [.. source.Layers.Where(layer => layer.IsLayer).Zip(taps).Where(p => p.Second is null).Select(p => p.First.Name)];
        LayerTap[] recorded = [.. taps.OfType<LayerTap>()];
        if (recorded.Length == 0) throw OnnxFault.Inputs(source.File.Path, "has no layers whose inputs can be recorded");
        using IRunSource runs = options.InputsPath is null ? new NoiseRuns(source, options) : new RecordedRuns(source, options);
        using TappedModel model =
            new(source, recorded.Select(tap => tap.Value).Where(value => source.Graph.Inputs.All(i => i.Name != value)));
        long rows = Record(model, recorded, runs, outputPath, options.RowsPerRun, cancellationToken);
        return new OnnxCalibrationResult(recorded.Length, runs.Count, rows, unrecorded);
    }

    private static long Record(
        TappedModel model, LayerTap[] taps, IRunSource runs, string outputPath, int rowsPerRun, CancellationToken cancellationToken)
    {
        ILookup<string, LayerTap> byValue = taps.ToLookup(tap => tap.Value, StringComparer.Ordinal);
        string[] inputs = [.. ModelInputs.Of(model.Source.Graph).Select(input => input.Name)];
        string[] outputs = [.. byValue.Select(group => group.Key).Except(inputs, StringComparer.Ordinal)];
        if (runs.ObservedOutput is { } observed) outputs = [.. outputs.Union([observed], StringComparer.Ordinal)];
        long count = 0;
        CalibrationFile? file = null;
        try
        {
            for (int run = 0; run < runs.Count; run++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using ModelRun given = runs.Inputs(run);
                List<(LayerTap Tap, float[] Rows)> found = [];
                float[] prediction = [];
                foreach (string input in inputs.Where(byValue.Contains))
                    Take(input, TappedModel.Floats(given.Values[input]), given.Values[input].GetTensorTypeAndShape().Shape);
                model.Run(given, outputs, Take);
                file ??= Create(outputPath, taps, found, runs.Count, given.Timestep is not null);
                foreach ((LayerTap tap, float[] rows) in found)
                {
                    file.Add(NameOf(tap), run, given.Timestep, rows);
                    count += rows.Length / tap.Features;
                }

                if (runs.ObservedOutput is not null) runs.Observe(prediction);

                void Take(string name, float[] values, long[] shape)
                {
                    foreach (LayerTap tap in byValue[name]) found.Add((tap, tap.Rows(values, shape, rowsPerRun, run)));
                    if (name == runs.ObservedOutput) prediction = values;
                }
            }

            file?.Complete();
            return count;
        }
        finally
        {
            file?.Dispose();
        }
    }

    private static CalibrationFile Create(
        string path, LayerTap[] taps, List<(LayerTap Tap, float[] Rows)> first, int runs, bool hasTimesteps)
    {
        Dictionary<LayerTap, int> perRun = first.ToDictionary(item => item.Tap, item => item.Rows.Length / item.Tap.Features);
        return new CalibrationFile(path, [.. taps.Select(tap => (NameOf(tap), tap.Features, perRun[tap]))], runs, hasTimesteps);
    }

    private static string NameOf(LayerTap tap) => tap.Layer.Name.EndsWith(WeightSuffix, StringComparison.Ordinal)
        ? tap.Layer.Name[..^WeightSuffix.Length]
        : tap.Layer.Name;

    private static void ThrowIfInvalid(OnnxCalibrationOptions options)
    {
        List<string> problems = [];
        if (options.Timesteps is < 1 or > 1000) problems.Add($"timesteps: {options.Timesteps} is not valid; valid: 1..1000");
        if (options.Samples < 1) problems.Add($"samples: {options.Samples} is not valid; valid: 1 or more");
        if (options.RowsPerRun < 1) problems.Add($"rows per run: {options.RowsPerRun} is not valid; valid: 1 or more");
        if (problems.Count > 0) throw new ConfigurationException([.. problems]);
    }
}
