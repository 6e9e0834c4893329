using ArrowQuant.Errors;
using ArrowQuant.Storage;

namespace ArrowQuant.Sources;

/// <summary>Names that a model's own files give are not trusted: they must stay inside the model's folder, links followed.</summary>
internal static class ContainedPath
{
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
        if (FolderBounds.WayOut(folder, path) is not { } place) return;
        throw ModelFault.Of(origin, $"'{Printable.Of(Path.GetRelativePath(folder, path))}' is a link to {Printable.Of(place)}, "
            + $"expected a file inside {folder}");
    }
}
