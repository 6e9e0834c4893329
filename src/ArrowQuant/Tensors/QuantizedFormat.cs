namespace ArrowQuant.Tensors;

/// <summary>How the codes of one layer are to be read; the same for all of its rows.</summary>
public sealed record QuantizedFormat
{
    /// <summary>Bits per code: 2, 4 or 8.</summary>
    public required int BitWidth { get; init; }

    /// <summary>What a code stands for; the lattices exist at 2 bits only.</summary>
    public required CodeLayout Layout { get; init; }

    /// <summary>Columns and group size; per-channel layers have one group a row.</summary>
    public required GroupLayout Groups { get; init; }

    /// <summary>True for one grid per output row (<c>quant_axis</c> 0, no <c>group_size</c>).</summary>
    public bool PerChannel { get; init; }

    /// <summary>
    /// One factor per input channel that a reader multiplies decoded weights with, or null. Channel of column c: c / (columns / channels).
    /// </summary>
    public float[]? EqualizationScales { get; init; }

    /// <summary>Float values that a group's levels take: 0 for affine, 2 or 3 for the lattices.</summary>
    public int LevelsPerGroup => Layout switch { CodeLayout.Lattice2 => 2, CodeLayout.Lattice3 => 3, _ => 0 };
}
