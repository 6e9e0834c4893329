namespace ArrowQuant.Methods;

/// <summary>The names of methods and enhancements in configuration, artefacts and reports.</summary>
internal static class MethodNames
{
    /// <summary>Residual refinement at INT2, affine groups above.</summary>
    public const string R2Q = "r2q";

    /// <summary>Second-order error compensation; needs calibration data.</summary>
    public const string Gptq = "gptq";

    /// <summary>Group quantization by weight error alone.</summary>
    public const string BaseMethod = "base";

    /// <summary>One grid per output row.</summary>
    public const string PerChannel = "per_channel";

    /// <summary>Calibration balanced over denoising timesteps.</summary>
    public const string TimeAware = "time_aware";

    /// <summary>Input channel equalization.</summary>
    public const string Spatial = "spatial";

    /// <summary>No enhancement.</summary>
    public const string None = "none";
}
