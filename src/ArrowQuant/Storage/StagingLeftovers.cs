using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>The folders beside an output path that staging uses, and how what a killed run left in them is cleared up.</summary>
internal static class StagingLeftovers
{
    private const int SuffixLength = 8;

    public static string PreviousPath(string target) => target + ".previous";

    /// <summary>A staging folder's name; <paramref name="suffix"/> has eight hexadecimal digits.</summary>
    public static string PartialPath(string target, string suffix) => $"{target}.partial-{suffix}";

    /// <summary>
    /// Restores an artefact that was moved away and never replaced, removes one that was, and removes staging folders. The caller holds
    /// the lock.
    /// </summary>
    public static void Recover(string target, OutputLock outputLock)
    {
        string prefix = Path.GetFileName(PartialPath(target, ""));
        foreach (string folder in Directory.GetDirectories(Path.GetDirectoryName(target)!))
        {
            string name = Path.GetFileName(folder);
            if (name.Length == prefix.Length + SuffixLength && name.StartsWith(prefix, StringComparison.Ordinal)
                && name[prefix.Length..].All(char.IsAsciiHexDigitLower))
                Remove(folder);
        }

        if (!outputLock.ReplacementWasInterrupted) return;
        string previous = PreviousPath(target);
        if (Directory.Exists(previous))
        {
            if (Directory.Exists(target)) Remove(previous);
            else Directory.Move(previous, target);
        }

        outputLock.NoteReplaced();
    }

    /// <summary>Replaces <paramref name="target"/> in two renames; when the second fails the first is undone.</summary>
    /// <exception cref="ResourceException">The name for the old artefact is taken.</exception>
    public static void Replace(string target, string staged, OutputLock outputLock)
    {
        string previous = PreviousPath(target);
        if (Directory.Exists(previous) || File.Exists(previous))
            throw Failures.Resource(previous, "is in the way of replacing the output; move it or choose another output");
        outputLock.NoteReplacing();
        Directory.Move(target, previous);
        try
        {
            Directory.Move(staged, target);
        }
        catch
        {
            Directory.Move(previous, target);
            outputLock.NoteReplaced();
            throw;
        }
    }

    /// <summary>Removes a folder and all in it, if it is there.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
