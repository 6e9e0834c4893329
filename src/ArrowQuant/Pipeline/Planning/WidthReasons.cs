namespace ArrowQuant.Pipeline.Planning;

/// <summary>Why a layer has another width than its attempt; the words of reports.</summary>
internal static class WidthReasons
{
    /// <summary><c>layer_bit_widths</c> gives it its width.</summary>
    public const string Pinned = "pinned";

    /// <summary>It holds at most the share of the weights that <c>edge_layers</c> says.</summary>
    public const string Edge = "edge";
}
