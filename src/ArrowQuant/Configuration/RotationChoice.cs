namespace ArrowQuant.Configuration;

/// <summary>Whether the weights of a group are rotated before they are quantized.</summary>
public enum RotationChoice
{
    /// <summary>What the recipe says: with <c>best</c> always at INT2 and where it helps at INT4, else never.</summary>
    Recipe,

    /// <summary>Never.</summary>
    None,

    /// <summary>By a Hadamard matrix of the group's size with random signs; layers with one grid per row are not.</summary>
    Hadamard,

    /// <summary>Where it lowers the output error of a layer, without calibration data the weight error.</summary>
    Auto,
}
