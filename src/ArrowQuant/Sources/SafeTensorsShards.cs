using ArrowQuant.Errors;

namespace ArrowQuant.Sources;

/// <summary>The open files of one set of weights: one file, or the shards of an index that agree with it.</summary>
internal sealed class SafeTensorsShards : IDisposable
{
    private SafeTensorsShards(IReadOnlyList<SafeTensorsFile> files, bool isSharded)
    {
        Files = files;
        IsSharded = isSharded;
        Metadata = files.SelectMany(file => file.Header.Metadata)
            .DistinctBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The files in source order.</summary>
    public IReadOnlyList<SafeTensorsFile> Files { get; }

    /// <summary>True when an index named the files.</summary>
    public bool IsSharded { get; }

    /// <summary>The <c>__metadata__</c> of all files; of a repeated key the first file's value.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens one file.</summary>
    public static SafeTensorsShards OpenFile(string path) => new([SafeTensorsFile.Open(path)], isSharded: false);

    /// <summary>Opens every shard of an index and checks both against each other.</summary>
    /// <exception cref="ModelNotFoundException">A shard is missing.</exception>
    /// <exception cref="ModelFormatException">Index and shards disagree, a tensor is in two, or a name leaves the folder.</exception>
    public static SafeTensorsShards OpenIndex(string indexPath)
    {
        SafeTensorsIndex index = SafeTensorsIndex.Read(indexPath);
        string folder = Path.GetDirectoryName(Path.GetFullPath(indexPath))!;
        string[] paths = [.. index.Shards.Select(shard => ContainedPath.Resolve(folder, shard, indexPath))];
        for (int i = 0; i < paths.Length; i++)
        {
            if (File.Exists(paths[i])) continue;
            throw new ModelNotFoundException(
                $"{indexPath}: the shard '{index.Shards[i]}' is missing, expected {paths[i]}; fetch the whole model again")
            {
                FilePath = paths[i],
            };
        }

        List<SafeTensorsFile> files = [];
        try
        {
            foreach (string path in paths) files.Add(SafeTensorsFile.Open(path));
            CheckAgainst(index, files);
            return new SafeTensorsShards(files, isSharded: true);
        }
        catch
        {
            foreach (SafeTensorsFile file in files) file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeTensorsFile file in Files) file.Dispose();
    }

    private static void CheckAgainst(SafeTensorsIndex index, List<SafeTensorsFile> files)
    {
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        for (int i = 0; i < files.Count; i++)
        {
            string shard = index.Shards[i];
            foreach (SafeTensorsEntry entry in files[i].Header.Entries)
            {
                if (!found.TryAdd(entry.Name, shard))
                    throw ModelFault.Of(files[i].Path, $"is also in the shard '{found[entry.Name]}', expected in one only", entry.Name);
                if (!index.ShardOf.TryGetValue(entry.Name, out string? expected))
                {
                    throw ModelFault.Of(
                        files[i].Path, $"is not in the weight_map of {index.Path}, expected every tensor there", entry.Name);
                }

                if (expected != shard)
                {
                    throw ModelFault.Of(
                        files[i].Path, $"is in the shard '{shard}', but {index.Path} expected it in '{expected}'", entry.Name);
                }
            }
        }

        foreach ((string name, string shard) in index.ShardOf)
        {
            if (!found.ContainsKey(name))
                throw ModelFault.Of(index.Path, $"the shard '{shard}' does not hold it, expected it there by weight_map", name);
        }
    }
}
