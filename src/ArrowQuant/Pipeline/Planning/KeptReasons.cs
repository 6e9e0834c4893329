namespace ArrowQuant.Pipeline.Planning;

/// <summary>Why a tensor is stored as it was; the words of reports.</summary>
internal static class KeptReasons
{
    /// <summary>Its matrix has fewer than two rows.</summary>
    public const string Vector = "vector";

    /// <summary>Its matrix has fewer than 32 columns.</summary>
    public const string Narrow = "narrow";

    /// <summary>The model's graph does not multiply by it, or does something else with it as well.</summary>
    public const string NotALayer = "not_a_layer";

    /// <summary>Its element type is not a floating-point weight.</summary>
    public const string NotFloat = "not_float";

    /// <summary>It is sensitive by name.</summary>
    public const string Sensitive = "sensitive";

    /// <summary>The user, or the rule for autoencoders in single-file checkpoints, leaves it out.</summary>
    public const string Excluded = "excluded";

    /// <summary><c>layer_bit_widths</c> gives it 16 bits.</summary>
    public const string Pinned = "pinned";

    /// <summary>Its quantized form would not be smaller; decided by the stage that knows sizes.</summary>
    public const string NoSmaller = "no_smaller";
}
