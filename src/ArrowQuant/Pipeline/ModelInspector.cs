using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>Lists what a model holds.</summary>
public static class ModelInspector
{
    /// <summary>Lists the tensors of any readable model, quantized or not, without reading weights.</summary>
    /// <param name="path">A model's file or folder.</param>
    /// <param name="variant">The file variant (<c>fp16</c>), or null.</param>
    /// <exception cref="Errors.ModelNotFoundException">There is no model at the path.</exception>
    /// <exception cref="Errors.ModelFormatException">The model is corrupt or not understood.</exception>
    public static ModelInspection Inspect(string path, string? variant = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path) && ArtefactLayout.IsArtefact(path)) return InspectArtefact(path);
        using IModelSource source = ModelSource.Open(path, new ModelSourceOptions { Variant = variant });
        ModelDescription description = source.Description;
        return new ModelInspection
        {
            Path = path,
            Format = description.Format,
            Modality = description.Modality is { } modality ? TextForms.Of(modality) : null,
            ModelType = description.ModelType,
            Tensors = [.. source.Tensors.Select(TensorOf)],
            TotalBytes = source.Tensors.Sum(tensor => tensor.ByteLength),
            Notes = description.Notes,
        };
    }

    private static ModelInspection InspectArtefact(string path)
    {
        using ArtefactReader reader = ArtefactReader.Open(path);
        StoredLayer[] quantized = [.. reader.Layers.Where(layer => !layer.IsKept)];
        long keptBytes = reader.Layers.Where(layer => layer.IsKept).Sum(layer => layer.StoredBytes);
        long shardBytes = reader.Layers.Select(layer => layer.FilePath).Distinct(StringComparer.Ordinal)
            .Sum(file => new FileInfo(file).Length);
        long weights = quantized.Sum(layer => layer.Shape.ElementCount);
        return new ModelInspection
        {
            Path = path,
            Format = "parquet v2 extended (ArrowQuant artefact)",
            Modality = reader.Metadata?.Modality,
            ModelType = reader.Metadata?.ModelType,
            Tensors = [.. reader.Layers.Select(LayerOf)],
            TotalBytes = shardBytes,
            BitsPerWeight = weights == 0 ? null : 8.0 * (shardBytes - keptBytes) / weights,
        };
    }

    private static InspectedTensor TensorOf(TensorInfo tensor) => new(
        tensor.FullName,
        [.. tensor.Shape.Dimensions],
        tensor.ElementType.Name(),
        null,
        null,
        null,
        tensor.ByteLength,
        null,
        tensor.AlreadyQuantized);

    private static InspectedTensor LayerOf(StoredLayer layer) => new(
        layer.FullName,
        [.. layer.Shape.Dimensions],
        layer.SourceType.Name(),
        layer.IsKept ? null : layer.BitWidth,
        layer.IsKept ? null : TextForms.Of(layer.Layout),
        layer.IsKept ? null : layer.Method,
        layer.Header.Format is { } format ? QuantizedSize.Of(layer.View, format) : layer.DataBytes,
        layer.CosineSimilarity,
        null);
}
