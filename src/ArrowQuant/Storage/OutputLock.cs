using System.Text;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>
/// The file <c>&lt;out&gt;.lock</c>, held while one run stages for an output path. It also remembers that the run had begun to replace an
/// artefact by two renames, so that after a kill the next run knows that <c>&lt;out&gt;.previous</c> is its to restore and not a user's.
/// </summary>
internal sealed class OutputLock : IDisposable
{
    private static readonly byte[] Replacing = Encoding.ASCII.GetBytes("replacing\n");

    private readonly FileStream _file;

    private OutputLock(FileStream file, bool replacementWasInterrupted)
    {
        _file = file;
        ReplacementWasInterrupted = replacementWasInterrupted;
    }

    /// <summary>True when a killed run had moved, or was about to move, the artefact to <c>&lt;out&gt;.previous</c>.</summary>
    public bool ReplacementWasInterrupted { get; }

    /// <summary>The lock file of an output path.</summary>
    public static string PathOf(string target) => target + ".lock";

    /// <summary>Takes the lock; a file that a killed run left is taken over.</summary>
    /// <exception cref="ResourceException">Another run holds it.</exception>
    public static OutputLock Take(string target)
    {
        string path = PathOf(target);
        try
        {
            FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            byte[] content = new byte[Replacing.Length];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return new OutputLock(file, content.AsSpan(0, length).SequenceEqual(Replacing));
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw Failures.Resource(target, $"is locked by another run ({path}); wait for it or choose another output", e);
        }
    }

    /// <summary>Notes durably that the artefact is about to be moved to <c>&lt;out&gt;.previous</c>.</summary>
    public void NoteReplacing() => Note(Replacing);

    /// <summary>Takes the note back, once no <c>&lt;out&gt;.previous</c> of ours is left.</summary>
    public void NoteReplaced() => Note([]);

    public void Dispose() => _file.Dispose();

    private void Note(ReadOnlySpan<byte> content)
    {
        _file.SetLength(0);
        _file.Position = 0;
        _file.Write(content);
        _file.Flush(flushToDisk: true);
    }
}
