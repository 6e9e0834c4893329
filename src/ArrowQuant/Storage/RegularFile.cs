using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Storage;

/// <summary>
/// Opens files of strangers for reading. A named pipe in a folder would hold up whoever opens it until somebody writes to it, so that
/// what is no file is refused before it is opened in earnest.
/// </summary>
internal static partial class RegularFile
{
    private const int CurrentPosition = 1;

    /// <summary>What is said of a pipe, a socket or a terminal.</summary>
    public const string Refusal = "is a pipe or a device, expected a file";

    // O_RDONLY, O_NONBLOCK, O_CLOEXEC, as the systems number them.
    private static int QuickOpen => OperatingSystem.IsMacOS() ? 0x4 | 0x1000000 : 0x800 | 0x80000;

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It is not there, cannot be read, or is no file.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle Open(string path, FileShare share = FileShare.Read)
    {
        Require(path);
        return File.OpenHandle(path, FileMode.Open, FileAccess.Read, share);
    }

    /// <summary>Requires that what is at a path, if anything, is a file or a folder.</summary>
    /// <exception cref="IOException">It is a pipe, a socket or a terminal.</exception>
    public static void Require(string path)
    {
        if (IsStream(path)) throw new IOException(Refusal);
    }

    /// <summary>True for what cannot be read at any place: pipes, sockets and terminals. Never waits. Elsewhere than on Unix there are none
    /// in folders.</summary>
    public static bool IsStream(string path)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) return false;
        int descriptor = OpenFile(path, QuickOpen);
        if (descriptor < 0) return false; // whoever opens it in earnest is told why
        try
        {
            return Seek(descriptor, 0, CurrentPosition) < 0;
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "lseek")]
    private static partial long Seek(int descriptor, long offset, int origin);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
