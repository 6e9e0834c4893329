namespace ArrowQuant.Storage;

/// <summary>The names beside an output path that staging uses, and how what a killed run left under them is cleared up.</summary>
internal static class StagingLeftovers
{
    public static string PartialPrefix(string target) => target + ".partial-";

    public static string PreviousPath(string target) => target + ".previous";

    /// <summary>Restores an artefact that was moved away and never replaced, and removes staging folders. The caller holds the lock.</summary>
    public static void Recover(string target)
    {
        string previous = PreviousPath(target);
        if (Directory.Exists(previous) && !Directory.Exists(target) && !File.Exists(target)) Directory.Move(previous, target);
        foreach (string folder in Directory.GetDirectories(Path.GetDirectoryName(target)!, Path.GetFileName(PartialPrefix(target)) + "*"))
            Remove(folder);
        RemovePrevious(target);
    }

    /// <summary>Replaces <paramref name="target"/> by <paramref name="staged"/> in two renames; when the second fails the first is undone.</summary>
    public static void Replace(string target, string staged)
    {
        string previous = PreviousPath(target);
        Directory.Move(target, previous);
        try
        {
            Directory.Move(staged, target);
        }
        catch
        {
            Directory.Move(previous, target);
            throw;
        }
    }

    /// <summary>Removes the replaced artefact, if there is one; a folder that is not one of ours stays.</summary>
    public static void RemovePrevious(string target)
    {
        string previous = PreviousPath(target);
        if (!Directory.Exists(previous)) return;
        if (ArtefactLayout.HasOwnMetadata(previous) || !Directory.EnumerateFileSystemEntries(previous).Any()) Remove(previous);
    }

    /// <summary>Removes a folder and all in it, if it is there.</summary>
    public static void Remove(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
