using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Sources;

/// <summary>Opening and reading files of a model, with the failures that the rooms above know.</summary>
internal static class ModelFile
{
    /// <summary>Opens a file for reading; others may read it too.</summary>
    /// <exception cref="ModelNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is no file but a pipe or a device.</exception>
    /// <exception cref="ResourceException">It may not be read.</exception>
    public static SafeFileHandle OpenHandle(string path)
    {
        if (RegularFile.IsStream(path)) throw ModelFault.Of(path, RegularFile.Refusal);
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelNotFoundException($"{path}: no such file", e) { FilePath = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResourceException($"{path}: cannot be opened for reading: {Printable.Of(e.Message)}", e) { FilePath = path };
        }
    }

    /// <summary>Reads until <paramref name="destination"/> is full.</summary>
    /// <exception cref="ModelFormatException">The file ends before.</exception>
    /// <exception cref="ResourceException">The disk or network fails.</exception>
    public static void ReadExactly(SafeFileHandle handle, string path, long position, Span<byte> destination, string? tensor = null)
    {
        int filled = 0;
        while (filled < destination.Length)
        {
            int read;
            try
            {
                read = RandomAccess.Read(handle, destination[filled..], position + filled);
            }
            catch (IOException e)
            {
                throw new ResourceException($"{path}: reading at byte {position + filled} failed: {Printable.Of(e.Message)}", e)
                {
                    FilePath = path,
                    TensorName = tensor,
                };
            }

            if (read == 0)
            {
                throw ModelFault.Of(
                    path,
                    $"the file ends at byte {position + filled}, expected {destination.Length} bytes from {position}; it is truncated",
                    tensor);
            }

            filled += read;
        }
    }

    /// <summary>The files of a folder, full paths in ordinal order.</summary>
    /// <exception cref="ResourceException">The folder may not be listed.</exception>
    public static string[] FilesOf(string folder) => List(folder, Directory.EnumerateFiles);

    /// <summary>The folders in a folder, full paths in ordinal order.</summary>
    /// <exception cref="ResourceException">The folder may not be listed.</exception>
    public static string[] FoldersOf(string folder) => List(folder, Directory.EnumerateDirectories);

    /// <summary>Checks that a range of bytes lies inside a tensor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    public static void ThrowIfOutside(TensorInfo tensor, long byteOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, tensor.ByteLength - byteOffset);
    }

    private static string[] List(string folder, Func<string, IEnumerable<string>> enumerate)
    {
        try
        {
            return [.. enumerate(folder).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ResourceException($"{folder}: cannot be listed: {Printable.Of(e.Message)}", e) { FilePath = folder };
        }
    }
}
