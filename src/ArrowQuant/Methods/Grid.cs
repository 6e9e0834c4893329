using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>A kind of grid and how far to look for it.</summary>
/// <param name="Layout">What a code stands for.</param>
/// <param name="Search">For affine grids: how scale and zero point are found.</param>
internal sealed record Grid(CodeLayout Layout, AffineSearch Search)
{
    private static readonly Grid Lattice = new(CodeLayout.Lattice2, AffineSearch.MinMax);
    private static readonly Grid LatticeWithOffset = new(CodeLayout.Lattice3, AffineSearch.MinMax);

    /// <summary>
    /// The grids that a method chooses from at a width. INT8 is the range alone: there a search changes nothing that can be measured.
    /// At INT4 and INT8 R2Q's lattice is not worth its levels, so <c>r2q</c> is the affine grid there as well.
    /// </summary>
    public static IReadOnlyList<Grid> CandidatesOf(string method, int bits) => (bits, method) switch
    {
        (8, _) => [new Grid(CodeLayout.Affine, AffineSearch.MinMax)],
        (4, _) => [new Grid(CodeLayout.Affine, AffineSearch.IntegerZero)],
        (2, MethodNames.R2Q) => [Lattice, LatticeWithOffset],
        (2, _) => [new Grid(CodeLayout.Affine, AffineSearch.FreeZero), Lattice, LatticeWithOffset],
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "2, 4 or 8"),
    };

    /// <summary>
    /// The grids that a method chooses from when errors are compensated: the plain range is one of them, since what it clips nothing, later
    /// columns can make up for. In the recipe <c>best</c> it is the only one at INT4.
    /// </summary>
    public static IReadOnlyList<Grid> CompensatedCandidatesOf(string method, int bits, Recipe recipe) => bits == 8
        ? CandidatesOf(method, bits)
        : bits == 4 && recipe == Recipe.Best
        ? [new Grid(CodeLayout.Affine, AffineSearch.MinMax)]
        : [new Grid(CodeLayout.Affine, AffineSearch.MinMax), .. CandidatesOf(method, bits)];
}
