using ArrowQuant.Tensors;

namespace ArrowQuant.Storage;

/// <summary>One planned shard file.</summary>
/// <param name="Component">The component whose folder holds it, or null for the artefact's own folder.</param>
/// <param name="FileName">The file's name, <c>model-00001-of-00003.parquet</c>; numbers count within the component.</param>
/// <param name="TensorIndices">Its tensors, as indices into the planned list, in order.</param>
/// <param name="SourceBytes">The bytes of these tensors in the source.</param>
internal sealed record PlannedShard(string? Component, string FileName, IReadOnlyList<int> TensorIndices, long SourceBytes)
{
    /// <summary>The file's path in the artefact, forward slashes.</summary>
    public string RelativePath => Component is null ? FileName : $"{Component}/{FileName}";
}

/// <summary>
/// Cuts the tensors of a model into shard files. The cut depends on the source alone, so that every width, thread count and machine
/// writes the same files.
/// </summary>
internal static class ShardPlan
{
    /// <summary>A file that holds this many source bytes is full; the next tensor begins a new one.</summary>
    public const long ShardBytes = 512L << 20;

    /// <summary>Plans the shards: components in the order of their first tensor, tensors in their own order.</summary>
    public static IReadOnlyList<PlannedShard> Plan(IReadOnlyList<TensorInfo> tensors) => Plan(tensors, ShardBytes);

    /// <summary>The same with another limit.</summary>
    public static IReadOnlyList<PlannedShard> Plan(IReadOnlyList<TensorInfo> tensors, long shardBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardBytes);
        List<PlannedShard> shards = [];
        foreach (IGrouping<string, int> component in Enumerable.Range(0, tensors.Count).GroupBy(i => tensors[i].Component ?? ""))
        {
            List<(List<int> Indices, long Bytes)> files = [];
            foreach (int index in component)
            {
                if (files.Count == 0 || files[^1].Bytes >= shardBytes) files.Add(([], 0));
                files[^1].Indices.Add(index);
                files[^1] = (files[^1].Indices, files[^1].Bytes + tensors[index].ByteLength);
            }

            string? name = component.Key.Length == 0 ? null : component.Key;
            shards.AddRange(files.Select((file, i) =>
                new PlannedShard(name, ArtefactLayout.ShardName(i + 1, files.Count), file.Indices, file.Bytes)));
        }

        return shards;
    }
}
