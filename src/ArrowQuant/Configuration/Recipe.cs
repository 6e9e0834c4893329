namespace ArrowQuant.Configuration;

/// <summary>What decides how a layer is quantized where no single setting says it.</summary>
public enum Recipe
{
    /// <summary>The modality's strategy, every layer at the same width.</summary>
    Strategy,

    /// <summary>
    /// What keeps most of a model at a width: edge layers at 8 bits, errors compensated for every modality, and choices by the estimate of
    /// damage.
    /// </summary>
    Best,
}
