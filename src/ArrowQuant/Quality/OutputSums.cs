namespace ArrowQuant.Quality;

/// <summary>
/// Sums over the outputs y of a layer with original weights and y^ with decoded ones, for one time group, in double precision.
/// </summary>
internal struct OutputSums
{
    /// <summary>Sum of y * y^.</summary>
    public double Product;

    /// <summary>Sum of y^2.</summary>
    public double Original;

    /// <summary>Sum of y^ squared.</summary>
    public double Decoded;

    /// <summary>Sum of (y - y^)^2.</summary>
    public double Error;

    /// <summary>Adds the sums of another part, group by group.</summary>
    public static void Add(OutputSums[] target, ReadOnlySpan<OutputSums> part)
    {
        for (int k = 0; k < part.Length; k++)
        {
            target[k].Product += part[k].Product;
            target[k].Original += part[k].Original;
            target[k].Decoded += part[k].Decoded;
            target[k].Error += part[k].Error;
        }
    }
}
