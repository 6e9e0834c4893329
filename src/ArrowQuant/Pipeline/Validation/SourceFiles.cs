using ArrowQuant.Errors;
using ArrowQuant.Sources;

namespace ArrowQuant.Pipeline.Validation;

/// <summary>Size and time of change of a model's files when a run began, to be compared when it has read them.</summary>
internal sealed class SourceFiles
{
    private readonly (string Path, long Length, DateTime Changed)[] _files;

    /// <summary>Notes the files that hold the tensors of a model.</summary>
    public SourceFiles(IModelSource source) =>
        _files = [.. source.Tensors.Select(tensor => tensor.FilePath).Distinct(StringComparer.Ordinal).Select(StateOf)];

    /// <summary>Requires that no file was written to meanwhile.</summary>
    /// <exception cref="ModelFormatException">One was.</exception>
    public void RequireUnchanged()
    {
        foreach ((string Path, long Length, DateTime Changed) before in _files)
        {
            if (StateOf(before.Path) == before) continue;
            throw new ModelFormatException(
                $"{before.Path}: was changed while it was read; nothing was published, run again when its writer has finished")
            {
                FilePath = before.Path,
            };
        }
    }

    private static (string Path, long Length, DateTime Changed) StateOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? (path, file.Length, file.LastWriteTimeUtc) : (path, -1, default);
    }
}
