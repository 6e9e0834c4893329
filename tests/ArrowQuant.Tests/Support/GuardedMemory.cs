using System.Runtime.InteropServices;

namespace ArrowQuant.Tests.Support;

/// <summary>Memory behind which nothing can be read: who does all the same is stopped by the system.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const nint Page = 4096;
    private const int ReadWrite = 3;
    private const int NoAccess = 0;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _start;

    /// <summary>Maps two pages and takes the second one away.</summary>
    public GuardedMemory()
    {
        _start = (byte*)Map(0, 2 * Page, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)_start == -1 || Protect((nint)_start + Page, Page, NoAccess) != 0)
            throw new InvalidOperationException($"no guarded memory: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>The last bytes that can be read.</summary>
    public Span<byte> LastBytes(int count) => new(_start + Page - count, count);

    /// <summary>The last floats that can be read.</summary>
    public Span<float> LastFloats(int count) => new(_start + Page - count * sizeof(float), count);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Unmap((nint)_start, 2 * Page) != 0) throw new InvalidOperationException("the guarded memory cannot be given back");
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint length);
}
