namespace ArrowQuant.Kernels;

/// <summary>How the grid of an affine group is found.</summary>
internal enum AffineSearch
{
    /// <summary>The range of the group, 0 included; integer zero point.</summary>
    MinMax,

    /// <summary>Clip search and least-squares refits of the scale; integer zero point.</summary>
    IntegerZero,

    /// <summary>Clip search and least-squares refits of scale and offset; the zero point takes any value.</summary>
    FreeZero,
}
