using System.Text;
using ArrowQuant.Errors;
using ArrowQuant.Sources;

namespace ArrowQuant.Calibration;

/// <summary>Errors about calibration files: one line that begins with the file.</summary>
internal static class CalibrationFailure
{
    /// <summary>Makes the error <c>file: what</c>, with the tensor or layer in between where there is one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What was found and what was expected.</param>
    /// <param name="tensor">The tensor or layer, or null.</param>
    /// <param name="cause">What was thrown, or null.</param>
    public static CalibrationException Error(string file, string what, string? tensor = null, Exception? cause = null)
    {
        string subject = tensor is null ? "" : $"{Printable.Of(tensor)}: ";
        return new CalibrationException($"{file}: {subject}{what}", cause) { FilePath = file, TensorName = tensor };
    }

    /// <summary>
    /// Runs <paramref name="read"/> and turns what a file can make a foreign reader throw into one line of ours; a foreign reader of a
    /// damaged file may fail anywhere, so that everything but our own failures and cancellation is such a line.
    /// </summary>
    public static T Map<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is ModelFormatException or ModelNotFoundException)
        {
            throw new CalibrationException($"calibration data cannot be read: {e.Message}", e)
            {
                FilePath = file,
                TensorName = ((ArrowQuantException)e).TensorName,
            };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Error(file, "no such file, expected calibration data", cause: e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or OutOfMemoryException)
        {
            throw new ResourceException($"{file}: calibration data cannot be read: {FirstLine(e)}", e) { FilePath = file };
        }
        catch (Exception e) when (e is not (ArrowQuantException or OperationCanceledException))
        {
            throw Error(file, $"is damaged or not understood ({FirstLine(e)}); write the file again", cause: e);
        }
    }

    private static string FirstLine(Exception e)
    {
        StringBuilder line = new(e.Message);
        if (e.InnerException is { } inner) line.Append(": ").Append(inner.Message);
        return Printable.Of(line.ToString().ReplaceLineEndings("\n").Split('\n')[0].Trim());
    }
}
