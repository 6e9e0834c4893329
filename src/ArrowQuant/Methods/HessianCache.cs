using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Lets layers with equal inputs (the projections of one attention, gate and up of one MLP) share a factored Hessian as long as one of them
/// holds it. Thread-safe; what is shared is what each layer would have computed.
/// </summary>
internal sealed class HessianCache
{
    private readonly Lock _gate = new();
    private readonly Dictionary<HessianKey, Slot> _slots = [];

    /// <summary>The factor under a key; made by the first layer that asks while the others wait. Null is not kept.</summary>
    public HessianFactor? Share(HessianKey key, Func<HessianFactor?> create)
    {
        Slot? slot;
        lock (_gate)
        {
            if (!_slots.TryGetValue(key, out slot)) _slots.Add(key, slot = new Slot());
        }

        lock (slot.Gate)
        {
            if (slot.Factor is { } known && known.TryGetTarget(out HessianFactor? shared)) return shared;
            HessianFactor? made = create();
            slot.Factor = made is null ? null : new WeakReference<HessianFactor>(made);
            return made;
        }
    }

    private sealed class Slot
    {
        public Lock Gate { get; } = new();

        // Weak: the layers hold the factor, and its memory is free when the last of them is finished.
        public WeakReference<HessianFactor>? Factor { get; set; }
    }
}

/// <summary>What a factored Hessian depends on.</summary>
/// <param name="Input">Hash of the calibration rows.</param>
/// <param name="Balanced">Whether rows are weighed over time groups of equal share.</param>
/// <param name="BlockColumns">Columns of a diagonal block.</param>
/// <param name="Rotation">What the inputs are rotated by, or null.</param>
internal readonly record struct HessianKey(UInt128 Input, bool Balanced, int BlockColumns, HadamardRotation? Rotation);
