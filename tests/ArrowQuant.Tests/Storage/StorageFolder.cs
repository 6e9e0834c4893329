namespace ArrowQuant.Tests.Storage;

/// <summary>A new folder in the system's temporary place, removed at the end of a test.</summary>
internal sealed class StorageFolder : IDisposable
{
    public StorageFolder() => Path = Directory.CreateTempSubdirectory("arrowquant-storage-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
