using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Onnx;

/// <summary>An ONNX model: its initializers as tensors, those that the graph multiplies by as layers.</summary>
internal sealed class OnnxSource : IModelSource
{
    private readonly WireFile _file;
    private readonly OnnxExternalFiles _external;
    private readonly Dictionary<string, OnnxValues> _values = new(StringComparer.Ordinal);

    private OnnxSource(string path, WireFile file, ModelFolder? folder)
    {
        Path = path;
        _file = file;
        _external = new OnnxExternalFiles(file.Path);
        Graph = OnnxGraphReader.Read(file);
        Layers = OnnxLayers.Of(Graph);
        List<TensorInfo> tensors = [];
        List<string> left = [];
        foreach (OnnxLayer layer in Layers)
        {
            if (layer.Tensor.ElementType is { } type) tensors.Add(Present(layer, type));
            else left.Add(layer.Name);
        }

        Tensors = tensors;
        Description = ModelDescriber.Describe(folder, "onnx", Graph.Metadata);
        if (left.Count == 0) return;
        string note = $"{left.Count} constants of types that are not taken (strings, 4-bit integers) stay in the ONNX file: {left[0]}";
        Description = Description with { Notes = [.. Description.Notes, Printable.Of(note + (left.Count > 1 ? ", ..." : ""))] };
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <summary>The structure of the model.</summary>
    public OnnxGraph Graph { get; }

    /// <summary>Its initializers with their uses and names.</summary>
    public IReadOnlyList<OnnxLayer> Layers { get; }

    /// <summary>The file, to copy parts of it unchanged.</summary>
    public WireFile File => _file;

    /// <summary>Opens an ONNX file; weights are not read.</summary>
    /// <param name="path">What the user named.</param>
    /// <param name="filePath">The file.</param>
    /// <param name="folder">What lies beside it, or null when that is not known to belong to it.</param>
    /// <exception cref="ModelNotFoundException">The file, or one with external data, does not exist.</exception>
    /// <exception cref="ModelFormatException">It is no ONNX model, or is corrupt.</exception>
    /// <exception cref="ResourceException">A file cannot be read.</exception>
    public static OnnxSource Open(string path, string filePath, ModelFolder? folder)
    {
        WireFile file = WireFile.Open(filePath);
        try
        {
            return new OnnxSource(path, file, folder);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination)
    {
        if (!_values.TryGetValue(tensor.Name, out OnnxValues? values))
            throw new ArgumentException($"{Path} has no tensor '{tensor.Name}'", nameof(tensor));
        ModelFile.ThrowIfOutside(tensor, byteOffset, destination.Length);
        values.Read(byteOffset, destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _external.Dispose();
        _file.Dispose();
    }

    private TensorInfo Present(OnnxLayer layer, ElementType type)
    {
        var values = new OnnxValues(_file, _external, layer.Tensor, type);
        _values.Add(layer.Name, values);
        return new TensorInfo
        {
            Name = layer.Name,
            Shape = layer.Tensor.Shape,
            ElementType = type,
            ByteLength = values.ByteLength,
            FilePath = values.FilePath ?? _file.Path,
            Role = new GraphRole { IsLayer = layer.IsLayer, RowAxis = layer.RowAxis, OwnsBias = layer.Bias is not null },
        };
    }
}
