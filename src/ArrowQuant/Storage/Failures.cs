using System.Text.Json;
using ArrowQuant.Errors;
using ParquetSharp;

namespace ArrowQuant.Storage;

/// <summary>The failures of this room, worded alike: one line with file, tensor, what was found and what was expected.</summary>
internal static class Failures
{
    public static ModelFormatException Format(string path, string? tensor, string what, Exception? cause = null) =>
        new(tensor is null ? $"{path}: {what}" : $"{path}: tensor {tensor}: {what}", cause)
        {
            FilePath = path,
            TensorName = tensor,
        };

    /// <summary>A file that metadata.json lists and that is not there.</summary>
    public static ModelNotFoundException Missing(string path) =>
        new($"{path}: this file is missing, {ArtefactLayout.MetadataFile} lists it") { FilePath = path };

    public static ResourceException Resource(string path, string what, Exception? cause = null) =>
        new($"{path}: {what}", cause) { FilePath = path };

    /// <summary>A write that the file system refused: full, read-only, no permission.</summary>
    public static ResourceException CannotWrite(string path, Exception cause) =>
        Resource(path, $"cannot be written: {cause.Message}; free space there, correct the permissions or choose another output", cause);

    /// <summary>True for what a file system throws.</summary>
    public static bool IsFileSystem(Exception e) => e is IOException or UnauthorizedAccessException;

    /// <summary>True for what reading a damaged Parquet file or a damaged value throws.</summary>
    public static bool IsDamage(Exception e) =>
        e is ParquetException or InvalidDataException or IOException or UnauthorizedAccessException or OverflowException or JsonException
            or ArgumentException;
}
