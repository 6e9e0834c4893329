using System.Security.Cryptography;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>
/// A folder beside the output in which an artefact or an export is made, and which becomes the output at once on <see cref="Publish"/>.
/// Until then the output path keeps what it held. One run at a time may stage for an output path.
/// </summary>
internal sealed class ArtefactStaging : IDisposable
{
    private readonly string _target;
    private readonly bool _force;
    private readonly StagedOutput _kind;
    private readonly IReadOnlyList<string> _createdParents;
    private readonly OutputLock _lock;
    private bool _published;
    private bool _movedPrevious;
    private bool _disposed;

    private ArtefactStaging(
        string target, bool force, StagedOutput kind, IReadOnlyList<string> createdParents, OutputLock outputLock, string path)
    {
        _target = target;
        _force = force;
        _kind = kind;
        _createdParents = createdParents;
        _lock = outputLock;
        Path = path;
    }

    /// <summary>The folder to write the artefact into.</summary>
    public string Path { get; }

    /// <summary>True to use two renames even where folders can be exchanged atomically.</summary>
    internal bool AvoidExchange { get; init; }

    /// <summary>
    /// Begins to stage for <paramref name="outputPath"/>: removes what killed runs left beside it, restores an artefact that one had moved
    /// away, and creates missing parent folders and an empty staging folder.
    /// </summary>
    /// <param name="outputPath">Where the artefact shall be.</param>
    /// <param name="force">True to replace an artefact, or an empty folder, that is there.</param>
    /// <exception cref="ResourceException">
    /// Something is there that must not be replaced, another run stages for the same path, or the folder cannot be written.
    /// </exception>
    public static ArtefactStaging Begin(string outputPath, bool force) => Begin(outputPath, force, StagedOutput.Artefact);

    /// <summary>The same, with a choice of what is made and of how folders are replaced.</summary>
    internal static ArtefactStaging Begin(string outputPath, bool force, StagedOutput kind, bool avoidExchange = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        string target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(outputPath));
        string parent = System.IO.Path.GetDirectoryName(target)
            ?? throw Failures.Resource(target, "is a root folder and cannot be an output; choose a folder in it");
        List<string> createdParents = [];
        OutputLock? outputLock = null;
        try
        {
            CreateParents(parent, createdParents);
            outputLock = OutputLock.Take(target);
            StagingLeftovers.Recover(target, outputLock);
            RequireReplaceable(target, force, kind);
            string path = StagingLeftovers.PartialPath(target, RandomNumberGenerator.GetHexString(8, lowercase: true));
            Directory.CreateDirectory(path);
            return new ArtefactStaging(target, force, kind, createdParents, outputLock, path) { AvoidExchange = avoidExchange };
        }
        catch (Exception e)
        {
            outputLock?.Dispose();
            RemoveEmpty(createdParents);
            if (Failures.IsFileSystem(e)) throw Failures.CannotWrite(target, e);
            throw;
        }
    }

    /// <summary>Empties the staging folder, for the next attempt.</summary>
    /// <exception cref="ResourceException">Something in it cannot be removed.</exception>
    public void ResetContents()
    {
        ObjectDisposedException.ThrowIf(_disposed || _published, this);
        Guarded(() =>
        {
            Directory.Delete(Path, recursive: true);
            Directory.CreateDirectory(Path);
        });
    }

    /// <summary>
    /// Brings everything to the disk and makes the staging folder the output. With force on Linux the two folders are exchanged in one
    /// step; elsewhere the old one is renamed to <c>&lt;out&gt;.previous</c> first and restored when the second rename fails.
    /// </summary>
    /// <exception cref="ResourceException">The output cannot be written or is no longer replaceable; it holds what it held.</exception>
    public void Publish()
    {
        ObjectDisposedException.ThrowIf(_disposed || _published, this);
        Guarded(() =>
        {
            DurableFolder.Sync(Path);
            RequireReplaceable(_target, _force, _kind);
            if (!Directory.Exists(_target)) Directory.Move(Path, _target);
            else if (AvoidExchange || !LinuxFolders.TryExchange(Path, _target)) ReplaceByRenames();
            _published = true;
            LinuxFolders.Sync(System.IO.Path.GetDirectoryName(_target)!);
        });
    }

    /// <summary>Removes the staging folder: all that was staged, or after an exchange the artefact that was replaced.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        try
        {
            // What cannot be removed now is removed by the next run; the outcome of this one is decided already.
            StagingLeftovers.Remove(Path);
            if (_movedPrevious)
            {
                StagingLeftovers.Remove(StagingLeftovers.PreviousPath(_target));
                _lock.NoteReplaced();
            }
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            // Nothing to do: see above.
        }

        _lock.Dispose();
        if (!_published) RemoveEmpty(_createdParents);
    }

    private static void RequireReplaceable(string target, bool force, StagedOutput kind)
    {
        if (File.Exists(target)) throw Failures.Resource(target, "is a file; choose another output folder");
        if (!Directory.Exists(target)) return;
        bool own = kind.IsOwn(target);
        bool empty = !own && !Directory.EnumerateFileSystemEntries(target).Any();
        if (!own && !empty)
            throw Failures.Resource(target, $"is a folder but not {kind.Name}, and is never replaced; choose another output");
        if (force) return;
        string what = own ? kind.Name : "an empty folder";
        throw Failures.Resource(target, $"exists already ({what}); use --force to replace it or choose another output");
    }

    private static void CreateParents(string parent, List<string> created)
    {
        string? folder = parent;
        while (folder is not null && !Directory.Exists(folder))
        {
            created.Add(folder);
            folder = System.IO.Path.GetDirectoryName(folder);
        }

        if (created.Count > 0) Directory.CreateDirectory(parent);
    }

    private static void RemoveEmpty(IReadOnlyList<string> folders)
    {
        try
        {
            foreach (string folder in folders)
            {
                if (Directory.Exists(folder)) Directory.Delete(folder);
            }
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            // Another program put something there in the meantime: it stays.
        }
    }

    private void ReplaceByRenames()
    {
        StagingLeftovers.Replace(_target, Path, _lock);
        _movedPrevious = true;
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.CannotWrite(_target, e);
        }
    }
}
