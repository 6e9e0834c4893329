using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Running;

/// <summary>What one pass over the model gave.</summary>
/// <param name="Layers">Finished layers in plan order: all of them, or the prefix that was observed before the pass stopped.</param>
/// <param name="Shards">The finished shard files, empty when the pass only measured or stopped.</param>
/// <param name="Stopped">Whether the observer stopped it.</param>
internal sealed record AttemptResult(IReadOnlyList<LayerOutcome> Layers, IReadOnlyList<ShardFile> Shards, bool Stopped);

/// <summary>Runs one pass over the model.</summary>
internal interface IAttemptRunner
{
    /// <summary>Quantizes what the spec says.</summary>
    AttemptResult Run(AttemptSpec spec, CancellationToken cancellationToken);
}
