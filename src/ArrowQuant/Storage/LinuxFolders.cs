using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ArrowQuant.Storage;

/// <summary>What .NET does not offer for folders and Linux does: exchanging two of them atomically, and bringing one to the disk.</summary>
internal static partial class LinuxFolders
{
    private const int AtCurrentFolder = -100;
    private const uint RenameExchange = 2;
    private const int ReadOnlyFolder = 0x80000; // O_CLOEXEC; O_DIRECTORY differs from processor to processor and is not needed

    /// <summary>
    /// Exchanges two folders in one step; false where the system or the file system cannot.
    /// </summary>
    public static bool TryExchange(string first, string second)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            return RenameAt2(AtCurrentFolder, first, AtCurrentFolder, second, RenameExchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // Older C libraries have no wrapper for the system call.
            return SystemCallNumber is { } number
                && SystemCall(number, AtCurrentFolder, first, AtCurrentFolder, second, RenameExchange) == 0;
        }
    }

    /// <summary>Makes the names in a folder durable; elsewhere than on Linux the file system does so by itself.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void Sync(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
        int descriptor = Open(folder, ReadOnlyFolder);
        if (descriptor < 0) throw LastError(folder);
        try
        {
            if (FileSync(descriptor) != 0) throw LastError(folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static nint? SystemCallNumber => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 316,
        Architecture.Arm64 => 276,
        _ => null,
    };

    private static IOException LastError(string folder)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{new Win32Exception(error).Message} : '{folder}'", error);
    }

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int firstFolder, string first, int secondFolder, string second, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint SystemCall(nint number, nint firstFolder, string first, nint secondFolder, string second, nuint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
