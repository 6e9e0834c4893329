using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>Puts a file into the system's page cache, or out of it.</summary>
internal static partial class PageCache
{
    private const int DontNeed = 4;

    /// <summary>Reads the file once.</summary>
    public static void Load(string path)
    {
        byte[] buffer = new byte[1 << 20];
        using SafeFileHandle file = File.OpenHandle(path);
        for (long offset = 0, read; (read = RandomAccess.Read(file, buffer, offset)) > 0; offset += read)
        {
        }
    }

    /// <summary>Drops the file's pages, which must be on the disk already.</summary>
    /// <exception cref="IOException">The system refuses.</exception>
    public static void Forget(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        int error = Advise(file, 0, 0, DontNeed);
        if (error != 0) throw new IOException($"{path}: the page cache cannot be emptied (error {error})");
    }

    /// <summary>
    /// Writes as many bytes as given into a file and removes it, so that the next file finds pages that the machine has had in its hands:
    /// in a virtual machine the first touch of a page can cost ten times its use.
    /// </summary>
    public static void Warm(string path, long bytes)
    {
        byte[] buffer = new byte[1 << 20];
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            for (long offset = 0; offset < bytes; offset += buffer.Length) RandomAccess.Write(file, buffer, offset);
        }

        File.Delete(path);
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
