using System.Globalization;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>The rule of versions: of the same major number every minor is readable, a newer major is refused by name.</summary>
internal static class FormatVersions
{
    /// <exception cref="ModelFormatException">The version is newer or not a version.</exception>
    public static void RequireReadable(string path, string version)
    {
        if (!int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major) || major < 1)
            throw Failures.Format(path, null, $"format version '{version}' is not understood, expected {ArtefactLayout.FormatMajor}.x");
        if (major > ArtefactLayout.FormatMajor)
            throw Failures.Format(path, null, $"is format version {version}, this program reads {ArtefactLayout.FormatMajor}.x; update arrowquant");
    }
}
