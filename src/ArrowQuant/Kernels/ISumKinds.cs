namespace ArrowQuant.Kernels;

/// <summary>Which sums over a row are wanted; a constant of the compiled kernel.</summary>
internal interface ISumKinds
{
    /// <summary>True for all sums, false for <see cref="ErrorSums.Product"/> and <see cref="ErrorSums.Original"/> alone.</summary>
    static abstract bool All { get; }
}

/// <summary>All sums.</summary>
internal readonly struct AllSums : ISumKinds
{
    /// <inheritdoc/>
    public static bool All => true;
}

/// <summary>The two sums that a row's gain follows from.</summary>
internal readonly struct GainSums : ISumKinds
{
    /// <inheritdoc/>
    public static bool All => false;
}
