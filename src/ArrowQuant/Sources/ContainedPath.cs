using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>Names that a model's own files give are not trusted: they must stay inside the model's folder, links followed.</summary>
internal static class ContainedPath
{
    private const int LinkLimit = 40;

    /// <summary>
    /// The file <paramref name="name"/> in <paramref name="folder"/>. Existence is not checked. A link may lead to the <c>blobs</c> folder
    /// of the download cache that the model lies in (<c>REPO/snapshots/REVISION</c> beside <c>REPO/blobs</c>).
    /// </summary>
    /// <param name="folder">The folder that must not be left.</param>
    /// <param name="name">A plain relative name with forward slashes.</param>
    /// <param name="origin">The file that gave the name, for messages.</param>
    /// <exception cref="ModelFormatException">The name is not plain and relative, or leads out of the folder.</exception>
    public static string Resolve(string folder, string name, string origin)
    {
        bool plain = name.Length > 0
            && !name.Any(c => char.IsControl(c) || c is '\\' or ':')
            && name.Split('/').All(part => part.Length > 0 && part is not ("." or ".."));
        if (!plain)
            throw ModelFault.Of(origin, $"names the file '{Printable.Of(name)}', expected a plain relative name inside {folder}");
        string path = Path.Combine(folder, name);
        ThrowIfOutside(folder, path, origin);
        return path;
    }

    /// <summary>Checks that an existing file or folder does not leave <paramref name="folder"/> through a link.</summary>
    /// <exception cref="ModelFormatException">It does.</exception>
    public static void ThrowIfOutside(string folder, string path, string origin)
    {
        string root = RealPath(folder, origin);
        string real = RealPath(path, origin);
        if (IsInside(root, real) || (BlobsOf(root) is { } blobs && IsInside(blobs, real))) return;
        throw ModelFault.Of(origin, $"'{Printable.Of(Path.GetRelativePath(folder, path))}' is a link to {Printable.Of(real)}, "
            + $"expected a file inside {folder}");
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

    // The path with every link followed; parts that do not exist are taken as they are.
    private static string RealPath(string path, string origin)
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

            if (++links > LinkLimit) throw ModelFault.Of(origin, $"'{Printable.Of(path)}' leads through more than {LinkLimit} links");
            string resolved = Path.GetFullPath(target, real);
            real = Path.GetPathRoot(resolved)!;
            foreach (string piece in Parts(resolved[real.Length..]).Reverse()) parts.Push(piece);
        }

        return Path.TrimEndingDirectorySeparator(real);
    }

    private static string[] Parts(string relative) =>
        relative.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
}
