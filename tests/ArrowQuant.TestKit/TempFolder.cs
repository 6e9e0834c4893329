namespace ArrowQuant.TestKit;

/// <summary>A new empty folder that disappears with everything in it when disposed.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public TempFolder() => FullName = Directory.CreateTempSubdirectory("arrowquant-").FullName;

    /// <summary>The folder's full path.</summary>
    public string FullName { get; }

    /// <summary>A path inside the folder; nothing is created.</summary>
    public string PathOf(params ReadOnlySpan<string> parts)
    {
        string path = FullName;
        foreach (string part in parts) path = Path.Combine(path, part);
        return path;
    }

    /// <summary>Makes a folder inside this one and returns its path.</summary>
    public string CreateFolder(string name) => Directory.CreateDirectory(Path.Combine(FullName, name)).FullName;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(FullName)) Directory.Delete(FullName, recursive: true);
    }
}
