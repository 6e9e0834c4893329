using System.Globalization;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>The rule of versions: of the same major number every minor is readable, a newer major is refused by name.</summary>
internal static class FormatVersions
{
    /// <exception cref="ModelFormatException">The version is newer or not a version.</exception>
    public static void RequireReadable(string path, string version)
    {
        bool parsed = int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major);
        if (!parsed || major < 1)
            throw Failures.Format(path, null, $"format version '{version}' is not understood, expected {ArtefactLayout.FormatMajor}.x");
        if (major <= ArtefactLayout.FormatMajor) return;
        string what = $"is format version {version}, this program reads {ArtefactLayout.FormatMajor}.x; update arrowquant";
        throw Failures.Format(path, null, what);
    }
}
