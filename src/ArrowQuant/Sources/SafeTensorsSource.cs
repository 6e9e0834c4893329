using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>A model in one safetensors file or in the shards of an index.</summary>
internal sealed class SafeTensorsSource : IModelSource
{
    private readonly SafeTensorsShards _shards;
    private readonly Dictionary<string, (SafeTensorsFile File, SafeTensorsEntry Entry)> _places = new(StringComparer.Ordinal);

    /// <summary>Takes over <paramref name="shards"/>: disposing the source closes them.</summary>
    /// <param name="path">What the user named.</param>
    /// <param name="shards">The open files.</param>
    /// <param name="description">What is known of the model; its notes may grow.</param>
    /// <param name="quantizationMethod">The <c>quant_method</c> that config.json names, or null.</param>
    public SafeTensorsSource(string path, SafeTensorsShards shards, ModelDescription description, string? quantizationMethod)
    {
        Path = path;
        _shards = shards;
        List<TensorInfo> tensors = [];
        foreach (SafeTensorsFile file in shards.Files)
        {
            foreach (SafeTensorsEntry entry in file.Header.Entries)
            {
                _places.Add(entry.Name, (file, entry));
                tensors.Add(new TensorInfo
                {
                    Name = entry.Name,
                    Shape = entry.Shape,
                    ElementType = entry.ElementType,
                    ByteLength = entry.End - entry.Begin,
                    FilePath = file.Path,
                });
            }
        }

        (Tensors, string? note) = QuantizedCheckpoint.Mark(tensors, quantizationMethod);
        Description = note is null ? description : description with { Notes = [.. description.Notes, note] };
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <inheritdoc/>
    public ModelDescription Description { get; }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination)
    {
        if (!_places.TryGetValue(tensor.Name, out (SafeTensorsFile File, SafeTensorsEntry Entry) place))
            throw new ArgumentException($"{Path} has no tensor '{tensor.Name}'", nameof(tensor));
        ModelFile.ThrowIfOutside(tensor, byteOffset, destination.Length);
        place.File.Read(place.Entry, byteOffset, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _shards.Dispose();
}
