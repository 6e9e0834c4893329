using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels.Products;

/// <summary>Rows of packed codes and the grids of their groups, in the order in which they are stored.</summary>
internal readonly ref struct PackedRows
{
    /// <summary>Rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Weights in a row.</summary>
    public required int Columns { get; init; }

    /// <summary>Bits of a code: 2, 4 or 8.</summary>
    public required int Bits { get; init; }

    /// <summary>Weights in a group; <see cref="AreSupported"/> says which sizes there are.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Packed codes, [<see cref="RowsAbove"/> + rows, bytes of a row].</summary>
    public required ReadOnlySpan<byte> Codes { get; init; }

    /// <summary>Affine and trellises: one per group; empty for lattices.</summary>
    public ReadOnlySpan<float> Scales { get; init; }

    /// <summary>Affine: one per group; empty for lattices and trellises.</summary>
    public ReadOnlySpan<float> ZeroPoints { get; init; }

    /// <summary>Lattices: <see cref="LevelsPerGroup"/> per group; empty for affine.</summary>
    public ReadOnlySpan<float> Levels { get; init; }

    /// <summary>0 for affine, 2 (a1, a2) or 3 (mu, a1, a2) for lattices.</summary>
    public int LevelsPerGroup { get; init; }

    /// <summary>The trellis whose steps the codes are, or null.</summary>
    public TrellisTable? Trellis { get; init; }

    /// <summary>The first row, counted from where tiles begin; of no account without a trellis.</summary>
    public int FirstRow { get; init; }

    /// <summary>Rows above the first one whose codes come before its own: those that the first states depend on.</summary>
    public int RowsAbove => Trellis?.RowsAbove(FirstRow) ?? 0;

    /// <summary>Bits of the order in which activations are taken (<see cref="PackedOrder"/>): of a trellis that of its values.</summary>
    public int OrderBits => Trellis is null ? Bits : TrellisTable.ValueBits;

    /// <summary>Groups in a row.</summary>
    public int GroupsPerRow => (int)((Columns + (long)GroupSize - 1) / GroupSize);

    /// <summary>
    /// Whether groups of that size in rows of that length can be multiplied as they are packed: 32, 64, multiples of 128, or the whole row.
    /// </summary>
    public static bool AreSupported(int columns, int groupSize) =>
        groupSize >= columns || groupSize is 32 or 64 || groupSize % PackedOrder.Stride == 0;

    /// <summary>Throws unless the spans hold what the sizes say.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public void Check()
    {
        if (!AreSupported(Columns, GroupSize)) throw new ArgumentException($"groups of {GroupSize} weights are not multiplied as packed");
        bool isPair = LevelsPerGroup > 0 || Trellis is not null;
        if (Bits is not (2 or 4 or 8) || LevelsPerGroup is not (0 or 2 or 3) || (isPair && Bits != 2))
            throw new ArgumentException($"codes of {Bits} bits with {LevelsPerGroup} levels are not multiplied as packed");
        long groups = (long)Rows * GroupsPerRow;
        Require("bytes", Codes.Length, ((long)RowsAbove + Rows) * Kernels.Codes.PackedLength(Columns, Bits));
        Require("scales", Scales.Length, LevelsPerGroup == 0 ? groups : 0);
        Require("zero points", ZeroPoints.Length, isPair ? 0 : groups);
        Require("levels", Levels.Length, groups * LevelsPerGroup);
    }

    private void Require(string what, int found, long expected)
    {
        if (found != expected) throw new ArgumentException($"{Rows} rows of {Columns} weights have {expected} {what}, not {found}");
    }
}
