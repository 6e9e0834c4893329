using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Cli;

/// <summary>
/// Standard output or standard error of the process as UTF-8. Unlike <see cref="Console.Out"/> it sends a terminal nothing of its own: the
/// runtime's writer switches the keypad mode when it is first used, which is cursor control that nobody asked for.
/// </summary>
internal sealed class StandardStream : StreamWriter
{
    private StandardStream(Stream stream, bool isTerminal)
        : base(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false))
    {
        AutoFlush = true;
        NewLine = "\n";
        IsTerminal = isTerminal;
    }

    /// <summary>Whether a person reads it on a terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>Standard output.</summary>
    public static StandardStream OpenOutput() => Open(1, Console.IsOutputRedirected, Console.OpenStandardOutput);

    /// <summary>Standard error.</summary>
    public static StandardStream OpenError() => Open(2, Console.IsErrorRedirected, Console.OpenStandardError);

    // The plain handle serves a terminal only: two file streams on one redirected file would overwrite each other.
    private static StandardStream Open(int descriptor, bool isRedirected, Func<Stream> openRedirected) =>
        isRedirected || OperatingSystem.IsWindows()
            ? new(openRedirected(), !isRedirected)
            : new(new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0), isTerminal: true);
}
