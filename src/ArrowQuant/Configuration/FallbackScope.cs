namespace ArrowQuant.Configuration;

/// <summary>What climbs the ladder of widths when quality is not reached.</summary>
public enum FallbackScope
{
    /// <summary>The whole model.</summary>
    Model,

    /// <summary>Each layer on its own.</summary>
    Layer,
}
