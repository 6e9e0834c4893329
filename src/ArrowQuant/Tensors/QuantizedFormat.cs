using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Tensors;

/// <summary>How the codes of one layer are to be read; the same for all of its rows.</summary>
public sealed record QuantizedFormat
{
    /// <summary>Bits per code: 2, 4 or 8.</summary>
    public required int BitWidth { get; init; }

    /// <summary>What a code stands for; lattices and trellises exist at 2 bits only.</summary>
    public required CodeLayout Layout { get; init; }

    /// <summary>Columns and group size; per-channel layers have one group a row.</summary>
    public required GroupLayout Groups { get; init; }

    /// <summary>True for one grid per output row (<c>quant_axis</c> 0, no <c>group_size</c>).</summary>
    public bool PerChannel { get; init; }

    /// <summary>
    /// One factor per input channel that a reader multiplies decoded weights with, or null. Channel of column c: c / (columns / channels).
    /// </summary>
    public float[]? EqualizationScales { get; init; }

    /// <summary>What decoded weights must be rotated back by, before equalization scales are applied; null for nothing.</summary>
    public HadamardRotation? Rotation { get; init; }

    /// <summary>The trellis of the layout, or null.</summary>
    internal TrellisTable? Trellis => Layout switch
    {
        CodeLayout.Trellis4 => TrellisTable.Four,
        CodeLayout.Trellis6 => TrellisTable.Six,
        _ => null,
    };

    /// <summary>Whether stored codes decode to other values than the weights that were coded: divided by scales, or rotated.</summary>
    internal bool IsTransformed => EqualizationScales is not null || Rotation is not null;

    /// <summary>Scales that a group has: 1, but for lattices 0.</summary>
    internal int ScalesPerGroup => LevelsPerGroup > 0 ? 0 : 1;

    /// <summary>Zero points that a group has: 1 for affine, else 0.</summary>
    internal int ZeroPointsPerGroup => Layout == CodeLayout.Affine ? 1 : 0;

    /// <summary>Float values that a group's levels take: 2 or 3 for the lattices, else 0.</summary>
    public int LevelsPerGroup => Layout switch { CodeLayout.Lattice2 => 2, CodeLayout.Lattice3 => 3, _ => 0 };
}
