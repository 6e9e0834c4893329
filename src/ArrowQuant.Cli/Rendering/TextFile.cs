using System.Text;
using ArrowQuant.Errors;

namespace ArrowQuant.Cli.Rendering;

/// <summary>Text files that commands write: whole or not at all.</summary>
internal static class TextFile
{
    /// <summary>Writes UTF-8 beside the target and renames it, so that an error never leaves half a file.</summary>
    /// <exception cref="ResourceException">The file exists and may not be replaced, or it cannot be written.</exception>
    public static void Write(string path, string text, bool overwrite)
    {
        string partial = path + ".partial";
        try
        {
            if (!overwrite && Path.Exists(path)) throw new IOException("it exists");
            File.WriteAllText(partial, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(partial, path, overwrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(partial)) File.Delete(partial);
            string message = !overwrite && Path.Exists(path)
                ? $"{path} exists; name another file with -o, or overwrite it with --force"
                : $"{path} cannot be written: {exception.Message}";
            throw new ResourceException(message, exception) { FilePath = path };
        }
    }
}
