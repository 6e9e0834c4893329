namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// Hands finished layers to an observer in plan order, however the shards progress, until it says stop. Layers behind the one that stopped
/// are forgotten, so that the outcome does not depend on threads.
/// </summary>
internal sealed class ObservedPrefix
{
    private readonly Lock _gate = new();
    private readonly Queue<int> _expected;
    private readonly Dictionary<int, LayerOutcome> _early = [];
    private readonly List<LayerOutcome> _layers = [];
    private readonly Func<LayerOutcome, bool>? _observe;

    /// <summary>Expects an outcome of every tensor that is quantized.</summary>
    public ObservedPrefix(TensorWork?[] work, Func<LayerOutcome, bool>? observe)
    {
        _expected = new Queue<int>(Enumerable.Range(0, work.Length).Where(i => work[i]?.Job is not null));
        _observe = observe;
    }

    /// <summary>Whether the observer said stop.</summary>
    public bool Stopped { get; private set; }

    /// <summary>The layers that were observed, in plan order.</summary>
    public IReadOnlyList<LayerOutcome> Layers => _layers;

    /// <summary>Adds a finished layer; false when the pass is to stop.</summary>
    public bool Add(LayerOutcome outcome)
    {
        lock (_gate)
        {
            _early.Add(outcome.Layer.Index, outcome);
            while (!Stopped && _expected.TryPeek(out int next) && _early.Remove(next, out LayerOutcome? layer))
            {
                _expected.Dequeue();
                _layers.Add(layer);
                Stopped = _observe is not null && !_observe(layer);
            }

            return !Stopped;
        }
    }
}
