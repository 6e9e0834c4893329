namespace ArrowQuant.Configuration;

/// <summary>What the codes of a layer may stand for at 2 bits; at 4 and 8 bits every layer is affine.</summary>
public enum LayoutChoice
{
    /// <summary>What the recipe says: trellis6 with <c>best</c>, else as <see cref="Method"/>.</summary>
    Recipe,

    /// <summary>The grids of the layer's method; never a trellis.</summary>
    Method,

    /// <summary>Every layout, chosen per layer by output error, without calibration data by weight error.</summary>
    Auto,

    /// <summary>Scale and zero point.</summary>
    Affine,

    /// <summary>R2Q's lattice, with an offset where it pays.</summary>
    Lattice,

    /// <summary>The trellis of 16 states.</summary>
    Trellis4,

    /// <summary>The trellis of 64 states.</summary>
    Trellis6,
}
