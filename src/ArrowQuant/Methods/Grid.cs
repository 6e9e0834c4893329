using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>A kind of grid and how far to look for it.</summary>
/// <param name="Layout">What a code stands for.</param>
/// <param name="Search">For affine grids: how scale and zero point are found.</param>
/// <param name="IsRotated">Whether groups are rotated before they are quantized.</param>
internal sealed record Grid(CodeLayout Layout, AffineSearch Search, bool IsRotated = false)
{
    private static readonly Grid Range = new(CodeLayout.Affine, AffineSearch.MinMax);
    private static readonly Grid FreeAffine = new(CodeLayout.Affine, AffineSearch.FreeZero);
    private static readonly Grid Lattice = new(CodeLayout.Lattice2, AffineSearch.MinMax);
    private static readonly Grid LatticeWithOffset = new(CodeLayout.Lattice3, AffineSearch.MinMax);
    private static readonly Grid Trellis4 = new(CodeLayout.Trellis4, AffineSearch.MinMax);
    private static readonly Grid Trellis6 = new(CodeLayout.Trellis6, AffineSearch.MinMax);

    /// <summary>Whether <see cref="Trellis4"/> or <see cref="Trellis6"/> is among the grids of a width, so that rows go by whole tiles.</summary>
    public static bool MayBeTrellis(DiffusionQuantConfig config, int bits) =>
        bits == 2 && RecipeRules.LayoutOf(config) is LayoutChoice.Auto or LayoutChoice.Trellis4 or LayoutChoice.Trellis6;

    /// <summary>
    /// The grids that a layer chooses from at a width. INT8 is the range alone: there a search changes nothing that can be measured.
    /// At INT4 and INT8 R2Q's lattice is not worth its levels, so <c>r2q</c> is the affine grid there as well.
    /// </summary>
    public static IReadOnlyList<Grid> CandidatesOf(string method, int bits, DiffusionQuantConfig config) =>
        Rotated(PlainOf(method, bits, RecipeRules.LayoutOf(config)), method, bits, config);

    /// <summary>
    /// The grids that a layer chooses from when errors are compensated: the plain range is one of them where affine grids are, since what
    /// it clips nothing, later columns can make up for. In the recipe <c>best</c> it is the only one at INT4.
    /// </summary>
    public static IReadOnlyList<Grid> CompensatedCandidatesOf(string method, int bits, DiffusionQuantConfig config)
    {
        LayoutChoice layout = RecipeRules.LayoutOf(config);
        IReadOnlyList<Grid> plain = PlainOf(method, bits, layout);
        bool mayClip = bits != 8 && (bits != 2 || layout is LayoutChoice.Method or LayoutChoice.Auto or LayoutChoice.Affine);
        IReadOnlyList<Grid> grids = !mayClip ? plain : bits == 4 && config.Recipe == Recipe.Best ? [Range] : [Range, .. plain];
        return Rotated(grids, method, bits, config);
    }

    /// <summary>The grid that channel scales are searched with.</summary>
    public static Grid OfEqualization(int bits) => PlainOf(MethodNames.BaseMethod, bits, LayoutChoice.Method)[0];

    private static IReadOnlyList<Grid> PlainOf(string method, int bits, LayoutChoice layout) => (bits, layout, method) switch
    {
        (8, _, _) => [Range],
        (4, _, _) => [new Grid(CodeLayout.Affine, AffineSearch.IntegerZero)],
        (2, LayoutChoice.Auto, _) => [FreeAffine, Lattice, LatticeWithOffset, Trellis4, Trellis6],
        (2, LayoutChoice.Affine, _) => [FreeAffine],
        (2, LayoutChoice.Trellis4, _) => [Trellis4],
        (2, LayoutChoice.Trellis6, _) => [Trellis6],
        (2, LayoutChoice.Lattice, _) or (2, LayoutChoice.Method, MethodNames.R2Q) => [Lattice, LatticeWithOffset],
        (2, LayoutChoice.Method, _) => [FreeAffine, Lattice, LatticeWithOffset],
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "2, 4 or 8"),
    };

    // One grid per row has no groups to rotate by.
    private static IReadOnlyList<Grid> Rotated(IReadOnlyList<Grid> plain, string method, int bits, DiffusionQuantConfig config)
    {
        RotationChoice rotation = RecipeRules.RotationAt(config, bits);
        if (rotation == RotationChoice.None || method == MethodNames.PerChannel) return plain;
        IEnumerable<Grid> rotated = plain.Select(grid => grid with { IsRotated = true });
        return rotation == RotationChoice.Hadamard ? [.. rotated] : [.. plain, .. rotated];
    }
}
