namespace ArrowQuant.Configuration;

/// <summary>What a recipe decides where the configuration leaves it open. A single setting that is given wins over the recipe.</summary>
internal static class RecipeRules
{
    /// <summary>The largest share of an edge layer in the recipe <c>best</c>.</summary>
    public const double BestEdgeShare = 0.01;

    /// <summary>The width of edge layers.</summary>
    public const int EdgeBitWidth = 8;

    /// <summary>The largest share of the quantizable weights that an edge layer has; 0 when there are none.</summary>
    public static double EdgeShareOf(DiffusionQuantConfig config) =>
        config.EdgeLayers ?? (config.Recipe == Recipe.Best ? BestEdgeShare : 0);

    /// <summary>What codes may stand for at 2 bits; never <see cref="LayoutChoice.Recipe"/>.</summary>
    public static LayoutChoice LayoutOf(DiffusionQuantConfig config) => config.Layout != LayoutChoice.Recipe ? config.Layout
        : config.Recipe == Recipe.Best ? LayoutChoice.Trellis6 : LayoutChoice.Method;

    /// <summary>Whether groups are rotated at a width; never <see cref="RotationChoice.Recipe"/>.</summary>
    public static RotationChoice RotationAt(DiffusionQuantConfig config, int bits) =>
        config.Rotation != RotationChoice.Recipe ? config.Rotation
        : config.Recipe != Recipe.Best ? RotationChoice.None
        : bits switch { 2 => RotationChoice.Hadamard, 4 => RotationChoice.Auto, _ => RotationChoice.None };

    /// <summary>Whether a layer of so many weights is an edge layer.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="weights">Weights of the layer.</param>
    /// <param name="total">Quantizable weights of the model.</param>
    public static bool IsEdge(DiffusionQuantConfig config, long weights, long total) =>
        config.BitWidth < EdgeBitWidth && weights <= EdgeShareOf(config) * total;
}
