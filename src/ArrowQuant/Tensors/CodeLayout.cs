namespace ArrowQuant.Tensors;

/// <summary>
/// What a code stands for. The text forms in artefacts are <c>none</c>, <c>affine</c>, <c>lattice2</c>, <c>lattice3</c>, <c>trellis4</c>,
/// <c>trellis6</c>.
/// </summary>
public enum CodeLayout
{
    /// <summary>No codes: raw values.</summary>
    None,

    /// <summary>weight = (code - zero point) * scale.</summary>
    Affine,

    /// <summary>weight = ±a1 ± a2; two level values per group: a1, a2.</summary>
    Lattice2,

    /// <summary>weight = mu ± a1 ± a2; three level values per group: mu, a1, a2.</summary>
    Lattice3,

    /// <summary>weight = table[state] * scale; the state is the last two codes of the column, 16 table values.</summary>
    Trellis4,

    /// <summary>weight = table[state] * scale; the state is the last three codes of the column, 64 table values.</summary>
    Trellis6,
}
