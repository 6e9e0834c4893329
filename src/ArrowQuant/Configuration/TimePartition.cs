namespace ArrowQuant.Configuration;

/// <summary>How denoising timesteps are cut into contiguous groups.</summary>
public enum TimePartition
{
    /// <summary>Equal spans of timesteps.</summary>
    Uniform,

    /// <summary>Equal mass of change of the activation range.</summary>
    Quantile,

    /// <summary>Least variance of the log range, by dynamic programming.</summary>
    Optimal,
}
