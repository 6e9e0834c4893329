namespace ArrowQuant.TestKit;

/// <summary>Takes what a layer of a running model is given.</summary>
/// <param name="layer">The name of its weight.</param>
/// <param name="rows">[rows, features]; valid during the call only.</param>
/// <param name="features">Values in a row.</param>
public delegate void LayerTap(string layer, ReadOnlySpan<float> rows, int features);
