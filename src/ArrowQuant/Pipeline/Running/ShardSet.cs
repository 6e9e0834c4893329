using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// The shard files of one pass. Each is opened when its first row is written; different shards may be written at the same time.
/// </summary>
/// <param name="plan">The shards.</param>
/// <param name="folder">Where they are written, or null to write nothing.</param>
/// <param name="options">How they are written.</param>
/// <param name="expectedBytes">About how large each will be; 0 where that is not known.</param>
/// <param name="pool">Gets the blocks that were written.</param>
internal sealed class ShardSet(
    IReadOnlyList<PlannedShard> plan, string? folder, ArtefactWriterOptions options, IReadOnlyList<long> expectedBytes, BlockPool pool)
    : IDisposable
{
    private readonly ShardWriter?[] _writers = new ShardWriter?[plan.Count];
    private readonly ShardFile?[] _files = new ShardFile?[plan.Count];

    /// <summary>The finished files, in plan order.</summary>
    public IReadOnlyList<ShardFile> Files => [.. _files.OfType<ShardFile>()];

    /// <summary>The writer of a shard, or null when nothing is written.</summary>
    public ShardWriter? Writer(int shard)
    {
        if (folder is null || _writers[shard] is not null) return _writers[shard];
        string path = Path.Combine(folder, plan[shard].RelativePath);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return _writers[shard] = new ShardWriter(path, options, plan[shard].RelativePath, expectedBytes[shard], pool.Return);
    }

    /// <summary>Finishes a shard after its last row.</summary>
    public void Complete(int shard) => _files[shard] = _writers[shard]?.Complete();

    /// <summary>Closes what was not finished; those files do not count as complete.</summary>
    public void Dispose()
    {
        foreach (ShardWriter? writer in _writers) writer?.Dispose();
    }
}
