using System.Security.Cryptography;

namespace ArrowQuant.Acceptance.Support;

/// <summary>What lies in a folder at a moment, to be compared with what lies there later.</summary>
public static class FolderState
{
    /// <summary>
    /// Relative path and SHA-256 of every file, and every folder, in ordinal order; a single line when there is no such folder.
    /// </summary>
    public static string[] Of(string folder)
    {
        if (!Directory.Exists(folder)) return [$"no folder {folder}"];
        IEnumerable<string> entries = Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path) + (Directory.Exists(path) ? "/" : " " + HashOf(path)));
        return [.. entries.Order(StringComparer.Ordinal)];
    }

    /// <summary>Name and SHA-256 of the shards of an artefact, in ordinal order.</summary>
    public static string[] OfShards(string artefact) =>
        [.. Of(artefact).Where(line => line.Contains(".parquet ", StringComparison.Ordinal))];

    /// <summary>The SHA-256 of a file in hexadecimal.</summary>
    public static string HashOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
