namespace ArrowQuant.Storage;

/// <summary>Whether a path stays in a folder when every link in it is followed.</summary>
internal static class FolderBounds
{
    private const int LinkLimit = 40;

    /// <summary>
    /// Null when the path stays inside; else where it leads. A link may lead to the <c>blobs</c> folder of the download cache that the
    /// folder lies in (<c>REPO/snapshots/REVISION</c> beside <c>REPO/blobs</c>). Parts that do not exist are taken as they are.
    /// </summary>
    /// <param name="folder">The folder that must not be left.</param>
    /// <param name="path">A file or folder.</param>
    public static string? WayOut(string folder, string path)
    {
        if (RealPath(folder) is not { } root || RealPath(path) is not { } real) return $"more than {LinkLimit} links";
        return IsInside(root, real) || (BlobsOf(root) is { } blobs && IsInside(blobs, real)) ? null : real;
    }

    private static bool IsInside(string root, string path) =>
        path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string? BlobsOf(string root)
    {
        for (DirectoryInfo? folder = new(root); folder is not null; folder = folder.Parent)
        {
            if (folder.Parent is { Name: "snapshots", Parent: { } repository }) return Path.Combine(repository.FullName, "blobs");
        }

        return null;
    }

    // The path with every link followed; null for a circle.
    private static string? RealPath(string path)
    {
        string full = Path.GetFullPath(path);
        string real = Path.GetPathRoot(full)!;
        Stack<string> parts = new(Parts(full[real.Length..]).Reverse());
        int links = 0;
        while (parts.TryPop(out string? part))
        {
            string next = Path.Combine(real, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > LinkLimit) return null;
            string resolved = Path.GetFullPath(target, real);
            real = Path.GetPathRoot(resolved)!;
            foreach (string piece in Parts(resolved[real.Length..]).Reverse()) parts.Push(piece);
        }

        return Path.TrimEndingDirectorySeparator(real);
    }

    private static string[] Parts(string relative) =>
        relative.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
