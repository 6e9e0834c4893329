namespace ArrowQuant.Calibration;

/// <summary>Moments of a layer's input channels in buckets of timesteps, where no rows were kept.</summary>
internal sealed record ChannelMoments
{
    /// <summary>The file, for messages.</summary>
    public required string FilePath { get; init; }

    /// <summary>The layer's name without <c>.weight</c>.</summary>
    public required string Layer { get; init; }

    /// <summary>Input channels.</summary>
    public required int Features { get; init; }

    /// <summary>First timestep of every bucket, ascending.</summary>
    public required int[] Starts { get; init; }

    /// <summary>One past the last timestep of the last bucket.</summary>
    public required int End { get; init; }

    /// <summary>Means of squares, [buckets, features].</summary>
    public required float[] SquareMeans { get; init; }

    /// <summary>Largest magnitudes, [buckets, features].</summary>
    public required float[] AbsoluteMaxima { get; init; }
}
