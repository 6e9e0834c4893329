namespace ArrowQuant.Tensors;

/// <summary>The level values of one lattice group: weight = mu ± a1 ± a2.</summary>
/// <param name="Mu">The offset; 0 for lattice2.</param>
/// <param name="A1">The coarse magnitude, at least <paramref name="A2"/>.</param>
/// <param name="A2">The fine magnitude, 0 or more.</param>
internal readonly record struct LatticeLevels(float Mu, float A1, float A2)
{
    /// <summary>Writes the values of codes 0..3.</summary>
    public void CopyTo(Span<float> table)
    {
        table[0] = Mu - A1 - A2;
        table[1] = Mu - A1 + A2;
        table[2] = Mu + A1 - A2;
        table[3] = Mu + A1 + A2;
    }

    /// <summary>Reads the levels of group <paramref name="group"/> of a block with a lattice layout.</summary>
    public static LatticeLevels Of(QuantizedBlock block, int group) => block.Format.Layout switch
    {
        CodeLayout.Lattice2 => new LatticeLevels(0f, block.Levels[2 * group], block.Levels[2 * group + 1]),
        CodeLayout.Lattice3 => new LatticeLevels(block.Levels[3 * group], block.Levels[3 * group + 1], block.Levels[3 * group + 2]),
        _ => throw new ArgumentException($"layout {block.Format.Layout} has no levels", nameof(block)),
    };
}
