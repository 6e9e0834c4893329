using System.Text;
using ArrowQuant.Errors;
using ParquetSharp;

namespace ArrowQuant.Sources.Parquet;

/// <summary>Turns whatever reading a file can throw into one line of ours; foreign exceptions never leave this room.</summary>
internal static class ParquetFailure
{
    /// <summary>Runs <paramref name="read"/> and maps its failures to messages that name <paramref name="path"/>.</summary>
    /// <param name="path">The file that is read.</param>
    /// <param name="tensor">The tensor that is read, or null while headers are.</param>
    /// <param name="read">The reading.</param>
    public static T Map<T>(string path, string? tensor, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelNotFoundException($"'{path}' does not exist", e) { FilePath = path, TensorName = tensor };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ResourceException($"'{path}' may not be read: {FirstLine(e)}", e) { FilePath = path, TensorName = tensor };
        }
        catch (OutOfMemoryException e)
        {
            throw new ResourceException($"'{path}': {Where(tensor)} need more memory than there is", e) { FilePath = path, TensorName = tensor };
        }
        catch (Exception e) when (e is ParquetException or IOException or OverflowException or DecoderFallbackException or InvalidCastException
            or NotSupportedException or ArgumentException or IndexOutOfRangeException)
        {
            string found = e is DecoderFallbackException ? "text that is not UTF-8" : FirstLine(e);
            throw new ModelFormatException($"'{path}' is damaged: {Where(tensor)} cannot be read ({found}); copy or export the file again", e)
            {
                FilePath = path,
                TensorName = tensor,
            };
        }
    }

    private static string Where(string? tensor) => tensor is null ? "its headers" : $"the values of tensor '{tensor}'";

    private static string FirstLine(Exception e) => e.Message.ReplaceLineEndings("\n").Split('\n')[0].Trim();
}
