namespace ArrowQuant.Methods;

/// <summary>Which sums over rows are known, each more than the one before.</summary>
internal enum KnownSums
{
    /// <summary>None.</summary>
    None,

    /// <summary>Those that the gain of a row follows from.</summary>
    Gain,

    /// <summary>All of them.</summary>
    All,
}
