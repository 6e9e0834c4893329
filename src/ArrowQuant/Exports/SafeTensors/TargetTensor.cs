using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>One tensor of a safetensors export.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record TargetTensor(string Name, ElementType Type, TensorShape Shape)
{
    /// <summary>Bytes of its values.</summary>
    public long Bytes => Type.ByteLength(Shape.ElementCount)!.Value;

    /// <summary>The tensors that one tensor of the artefact becomes: itself, or the four of a packed layer.</summary>
    public static IReadOnlyList<TargetTensor> Of(StoredLayer layer, ExportOptions options)
    {
        if (layer.IsKept) return [new(layer.Name, layer.SourceType, layer.Shape)];
        return options.Packing == ExportPacking.CompressedTensors && PackedLayer.Refusal(layer) is null
            ? PackedLayer.Of(layer, options.Dtype).Targets
            : [new(layer.Name, options.Dtype, layer.Shape)];
    }
}
