using System.Runtime.InteropServices;
using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources.Parquet;

/// <summary>
/// An artefact of this library as a source. Kept tensors come back as they were; quantized layers are decoded to single precision and are
/// marked as quantized. The layer that was read last stays decoded, so that a layer read block by block is decoded once.
/// </summary>
internal sealed class OwnArtefactSource : IModelSource
{
    private readonly Lock _gate = new();
    private readonly ArtefactReader _reader;
    private readonly Dictionary<string, StoredLayer> _layers;
    private StoredLayer? _current;
    private byte[] _currentBytes = [];

    private OwnArtefactSource(string path, ArtefactReader reader)
    {
        Path = path;
        _reader = reader;
        _layers = reader.Layers.ToDictionary(layer => layer.FullName, StringComparer.Ordinal);
        Tensors = [.. reader.Layers.Select(InfoOf)];
        ArtefactMetadata? metadata = reader.Metadata;
        string? modality = metadata?.Modality ?? reader.Layers.Select(layer => layer.Modality).FirstOrDefault(m => m is not null);
        bool known = Enum.TryParse(modality, ignoreCase: true, out Configuration.Modality found);
        Description = new ModelDescription
        {
            Format = "parquet v2 extended",
            Modality = known ? found : null,
            ModalityOrigin = known ? "artefact metadata" : null,
            ModelType = metadata?.ModelType,
            IsDiffusionModel = metadata?.IsDiffusionModel ?? reader.Layers.Any(layer => layer.IsDiffusionModel),
            Sidecars = SidecarsOf(reader),
        };
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <summary>Opens an artefact folder.</summary>
    public static OwnArtefactSource Open(string path)
    {
        if (File.Exists(path))
            throw new ModelFormatException($"{path}: is one file of an ArrowQuant artefact; open its folder") { FilePath = path };
        ArtefactReader reader = ArtefactReader.Open(path);
        try
        {
            return new OwnArtefactSource(path, reader);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!_layers.TryGetValue(tensor.FullName, out StoredLayer? layer))
            throw new ArgumentException($"tensor '{tensor.FullName}' is not one of '{Path}'", nameof(tensor));
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset, tensor.ByteLength - destination.Length);
        lock (_gate)
        {
            if (!ReferenceEquals(_current, layer))
            {
                _currentBytes = layer.IsKept ? KeptBytes(layer) : MemoryMarshal.AsBytes<float>(_reader.ReadLayer(layer.FullName)).ToArray();
                _current = layer;
            }

            _currentBytes.AsSpan((int)byteOffset, destination.Length).CopyTo(destination);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private byte[] KeptBytes(StoredLayer layer)
    {
        using var bytes = new MemoryStream();
        for (int i = 0; i < layer.Blocks.Count; i++) bytes.Write(_reader.ReadKept(layer, i));
        return bytes.ToArray();
    }

    private static TensorInfo InfoOf(StoredLayer layer) => new()
    {
        Name = layer.Name,
        Component = layer.Component,
        Shape = layer.Shape,
        ElementType = layer.IsKept ? layer.SourceType : ElementType.F32,
        ByteLength = layer.IsKept ? layer.DataBytes : checked(layer.Shape.ElementCount * sizeof(float)),
        FilePath = layer.FilePath,
        AlreadyQuantized = layer.IsKept ? null : $"INT{layer.BitWidth} {layer.Method} of an ArrowQuant artefact",
    };

    private static SidecarFile[] SidecarsOf(ArtefactReader reader) =>
    [
        .. SidecarFiles.OfTree(reader.Folder)
            .Where(file => !file.RelativePath.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)
                && file.RelativePath is not (ArtefactLayout.MetadataFile or ArtefactLayout.ReportFile))
            .OrderBy(file => file.RelativePath, StringComparer.Ordinal),
    ];
}
