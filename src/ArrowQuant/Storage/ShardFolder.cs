using System.Text.Json;
using ArrowQuant.Errors;

namespace ArrowQuant.Storage;

/// <summary>Which shards an artefact consists of: from metadata.json or, in the folder of one component, from the file names.</summary>
internal static class ShardFolder
{
    /// <summary>Reads and checks metadata.json; null when there is none.</summary>
    /// <exception cref="ModelFormatException">It is broken, not ours, newer, or its list of shards is not whole.</exception>
    public static ArtefactMetadata? ReadMetadata(string folder)
    {
        string path = Path.Combine(folder, ArtefactLayout.MetadataFile);
        if (!File.Exists(path)) return null;
        ArtefactMetadata metadata;
        try
        {
            byte[] utf8 = BoundedFile.ReadAllBytes(path);
            if (!ArtefactMetadata.IsOwn(utf8))
            {
                throw Failures.Format(
                    path,
                    null,
                    $"is not the metadata of an ArrowQuant artefact (format {ArtefactLayout.FormatName} with format_version and shards)");
            }

            RequireVersion(path, utf8);
            metadata = ArtefactMetadata.Parse(utf8);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException || Failures.IsFileSystem(e))
        {
            throw Failures.Format(path, null, $"cannot be read: {e.Message}", e);
        }

        foreach (ArtefactShard shard in metadata.Shards) CheckPath(path, shard.Path);
        CheckWhole(path, [.. metadata.Shards.Select(shard => shard.Path)]);
        return metadata;
    }

    /// <summary>The shards that lie in a folder without metadata.json, in order of their numbers.</summary>
    /// <exception cref="ModelFormatException">There are none, or not all of them.</exception>
    public static IReadOnlyList<string> FindShards(string folder)
    {
        string[] names = [.. ShardNames(folder)];
        if (names.Length == 0)
        {
            throw Failures.Format(
                folder,
                null,
                $"is not an ArrowQuant artefact: it has neither {ArtefactLayout.MetadataFile} nor {ArtefactLayout.ShardName(1, 1)}");
        }

        CheckWhole(folder, names);
        return names;
    }

    /// <summary>True when the folder has shards whose footers this program wrote.</summary>
    public static bool HasOwnShards(string folder) =>
        Directory.Exists(folder) && ShardNames(folder).FirstOrDefault() is { } name && ShardReader.IsOwn(Path.Combine(folder, name));

    private static IEnumerable<string> ShardNames(string folder) => Directory.EnumerateFiles(folder, "model-*-of-*.parquet")
        .Select(path => Path.GetFileName(path))
        .Where(name => ArtefactLayout.ParseShardName(name) is not null)
        .Order(StringComparer.Ordinal);

    // Before the document is understood as a whole, so that a newer one is refused by its version and not by what has changed in it.
    private static void RequireVersion(string path, byte[] utf8)
    {
        using JsonDocument document = JsonDocument.Parse(utf8);
        JsonElement version = document.RootElement.GetProperty("format_version");
        FormatVersions.RequireReadable(path, version.ValueKind == JsonValueKind.String ? version.GetString()! : version.GetRawText());
    }

    private static void CheckPath(string metadataPath, string path)
    {
        string[] segments = path.Split('/');
        bool inside = segments.All(segment => segment is not ("" or "." or "..") && segment.AsSpan().IndexOfAny('\\', ':') < 0);
        if (!inside || segments.Length > 2)
            throw Failures.Format(metadataPath, null, $"lists shard '{path}', which is not a path inside the artefact");
        if (ArtefactLayout.ParseShardName(segments[^1]) is null)
            throw Failures.Format(metadataPath, null, $"lists shard '{path}', expected a name like {ArtefactLayout.ShardName(1, 1)}");
    }

    private static void CheckWhole(string path, IReadOnlyList<string> shards)
    {
        foreach (IGrouping<string, string> folder in shards.GroupBy(shard => shard[..(shard.LastIndexOf('/') + 1)]))
        {
            int expected = ArtefactLayout.ParseShardName(Path.GetFileName(folder.First()))!.Value.Count;
            int found = folder.Count();
            // Of one number more than there are shards one at least is missing, however many the names claim.
            string? missing = Enumerable.Range(1, Math.Min(expected, found + 1))
                .Select(number => folder.Key + ArtefactLayout.ShardName(number, expected))
                .Except(folder)
                .FirstOrDefault();
            if (missing is not null) throw Failures.Format(path, null, $"shard {missing} is missing: {found} of {expected} are there");
            if (found != expected) throw Failures.Format(path, null, $"has {found} shards where their names say {expected}");
        }
    }
}
