using ArrowQuant.Errors;
using ArrowQuant.Exports.Onnx;
using ArrowQuant.Kernels;
using ArrowQuant.Sources.Onnx;
using ArrowQuant.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace ArrowQuant.Onnx;

/// <summary>A model in ONNX Runtime that also gives values from inside its graph. One thread, so that the same machine gives the same.</summary>
internal sealed class TappedModel : IDisposable
{
    private const string ExternalFolderKey = "session.model_external_initializers_file_folder_path";

    // A model in memory may have at most this many bytes; weights of larger ones lie in other files.
    private const long ModelBytesLimit = int.MaxValue - (1 << 20);

    // Values of a run that are held together; more need another run.
    private const int OutputsAtOnce = 64;

    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();

    /// <summary>Loads a model.</summary>
    /// <param name="source">The model.</param>
    /// <param name="values">Names of values inside the graph that runs shall give.</param>
    /// <exception cref="ModelFormatException">ONNX Runtime does not take the model.</exception>
    public TappedModel(OnnxSource source, IEnumerable<string> values)
    {
        Source = source;
        byte[] model = Extended(source, values);
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddSessionConfigEntry(ExternalFolderKey, Path.GetDirectoryName(Path.GetFullPath(source.File.Path))!);
        try
        {
            _session = new InferenceSession(model, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw OnnxFault.Runtime(source.File.Path, e);
        }
    }

    /// <summary>The model.</summary>
    public OnnxSource Source { get; }

    /// <summary>Runs the model.</summary>
    /// <param name="run">Its inputs.</param>
    /// <param name="outputs">The values that are wanted.</param>
    /// <param name="take">Takes one of them: its name, its values as float32, its shape.</param>
    /// <exception cref="ModelFormatException">The model does not run on these inputs.</exception>
    public void Run(ModelRun run, IReadOnlyList<string> outputs, Action<string, float[], long[]> take)
    {
        foreach (string[] names in outputs.Chunk(OutputsAtOnce))
        {
            try
            {
                using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_options, run.Values, names);
                for (int i = 0; i < names.Length; i++) take(names[i], Floats(results[i]), results[i].GetTensorTypeAndShape().Shape);
            }
            catch (OnnxRuntimeException e)
            {
                throw OnnxFault.Runtime(Source.File.Path, e);
            }
        }
    }

    /// <summary>The values of a floating-point tensor as float32.</summary>
    public static float[] Floats(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        ElementType? type = OnnxTypes.Of((int)info.ElementDataType);
        if (type is not { } known || !known.IsWeight()) throw new NotSupportedException($"{info.ElementDataType} is no floating-point type");
        float[] floats = new float[info.ElementCount];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(known), value.GetTensorMutableRawData(), floats);
        return floats;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _options.Dispose();
        _session.Dispose();
    }

    // Parts of a message that follow each other are one message (protobuf's rule of merging), so that outputs are added by appending a
    // graph that has nothing else; the file itself is taken as it is.
    private static byte[] Extended(OnnxSource source, IEnumerable<string> values)
    {
        WireMessage outputs = new();
        HashSet<string> known = source.Graph.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        foreach (string value in values.Where(known.Add)) outputs.Message(12, new WireMessage().Text(1, value));
        byte[] added = new WireMessage().Message(7, outputs).ToArray();
        if (source.File.Length + added.Length > ModelBytesLimit)
            throw new ResourceException($"{source.File.Path}: is too large to be run, expected weights over 2 GB in external data") { FilePath = source.File.Path };
        byte[] model = new byte[source.File.Length + added.Length];
        source.File.Read(0, model.AsSpan(0, (int)source.File.Length));
        added.CopyTo(model, source.File.Length);
        return model;
    }
}
