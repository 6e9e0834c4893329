using System.Text;
using ArrowQuant.Errors;
using ParquetSharp;

namespace ArrowQuant.Sources.Parquet;

/// <summary>Turns whatever reading a file can throw into one line of ours; foreign exceptions never leave this room.</summary>
internal static class ParquetFailure
{
    private const int LengthLimit = 2000;

    /// <summary>Makes an error that begins with the file and continues with <paramref name="message"/>.</summary>
    public static ModelFormatException Error(string path, string message, string? tensor = null, Exception? cause = null) =>
        new(OneLine($"'{path}' {message}"), cause) { FilePath = path, TensorName = tensor };

    /// <summary>Escapes control characters, which names in a file may hold, and cuts what no reader would follow to its end.</summary>
    public static string OneLine(string text)
    {
        StringBuilder line = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, LengthLimit)))
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029') line.Append($"\\u{(int)c:x4}");
            else line.Append(c);
        }

        return line.Append(text.Length > LengthLimit ? "..." : "").ToString();
    }

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
            throw new ModelNotFoundException(OneLine($"'{path}' does not exist"), e) { FilePath = path, TensorName = tensor };
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ResourceException(OneLine($"'{path}' may not be read: {e.Message}"), e) { FilePath = path, TensorName = tensor };
        }
        catch (OutOfMemoryException e)
        {
            throw new ResourceException(OneLine($"'{path}': {Where(tensor)} need more memory than there is"), e)
            {
                FilePath = path,
                TensorName = tensor,
            };
        }
        catch (Exception e) when (e is ParquetException or InvalidDataException or IOException or OverflowException
            or DecoderFallbackException or InvalidCastException or NotSupportedException or ArgumentException or IndexOutOfRangeException)
        {
            string found = e is DecoderFallbackException ? "text that is not UTF-8" : FirstLine(e);
            throw Error(path, $"is damaged: {Where(tensor)} cannot be read ({found}); copy or export the file again", tensor, e);
        }
    }

    private static string Where(string? tensor) => tensor is null ? "its headers" : $"the values of tensor '{tensor}'";

    private static string FirstLine(Exception e) => e.Message.ReplaceLineEndings("\n").Split('\n')[0].Trim();
}
