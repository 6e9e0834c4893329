using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports;

/// <summary>The failures of this room, worded alike.</summary>
internal static class ExportFault
{
    /// <summary>A tensor that the format has no type for.</summary>
    public static ModelFormatException NoType(StoredLayer layer, string format) => Failures.Format(
        layer.FilePath, layer.FullName, $"has {layer.SourceType} values, which {format} cannot hold; leave the tensor out of the model");

    /// <summary>A layer with values that the type has no numbers for.</summary>
    public static ConfigurationException OutOfRange(StoredLayer layer, ElementType type) => new(
        [$"--dtype: tensor {layer.FullName} has values beyond the range of {type.Name()}; choose bf16 or f32"])
    {
        FilePath = layer.FilePath,
        TensorName = layer.FullName,
    };

    /// <summary>A kept tensor that was read back with other bytes.</summary>
    public static ResourceException OtherBytes(string path, StoredLayer layer) =>
        Failures.Resource(path, $"tensor {layer.FullName}: was read back with other bytes than were written; check the disk");

    /// <summary>Requires that the file decodes to what was meant to be written.</summary>
    /// <exception cref="ResourceException">It does not.</exception>
    public static void RequireAsWritten(string path, StoredLayer layer, double written, double readBack)
    {
        if (written.Equals(readBack)) return;
        throw Failures.Resource(
            path, $"tensor {layer.FullName}: was read back with a relative error of {readBack}, written with {written}; check the disk");
    }
}
