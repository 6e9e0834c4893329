namespace ArrowQuant.Methods;

/// <summary>
/// Lets layers with equal inputs (the projections of one attention, gate and up of one MLP) share a factored Hessian while one of them uses
/// it. Thread-safe; what is shared is what each layer would have computed.
/// </summary>
internal sealed class HessianCache
{
    private readonly Lock _gate = new();
    private readonly Dictionary<HessianKey, WeakReference<Lazy<HessianFactor?>>> _factors = [];

    /// <summary>The factor under a key; made by the first layer that asks while the others wait.</summary>
    public Lazy<HessianFactor?> Share(HessianKey key, Func<HessianFactor?> create)
    {
        lock (_gate)
        {
            if (_factors.TryGetValue(key, out WeakReference<Lazy<HessianFactor?>>? known)
                && known.TryGetTarget(out Lazy<HessianFactor?>? shared))
                return shared;
            var made = new Lazy<HessianFactor?>(create);
            _factors[key] = new WeakReference<Lazy<HessianFactor?>>(made);
            return made;
        }
    }
}

/// <summary>What a factored Hessian depends on.</summary>
/// <param name="Input">Hash of the calibration rows.</param>
/// <param name="Balanced">Whether rows are weighed over time groups of equal share.</param>
/// <param name="BlockColumns">Columns of a diagonal block.</param>
internal readonly record struct HessianKey(UInt128 Input, bool Balanced, int BlockColumns);
