namespace ArrowQuant.Storage;

/// <summary>Brings a folder with all that is in it to the disk.</summary>
internal static class DurableFolder
{
    /// <exception cref="IOException">The system refused.</exception>
    public static void Sync(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder)) SyncFile(file);
        foreach (string child in Directory.EnumerateDirectories(folder)) Sync(child);
        LinuxFolders.Sync(folder);
    }

    private static void SyncFile(string path)
    {
        // Windows flushes only what is open for writing; elsewhere reading is enough, also for files that are copied read-only.
        FileAccess access = OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read;
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(handle);
    }
}
