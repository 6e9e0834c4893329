namespace ArrowQuant.Configuration;

/// <summary>A named set of configuration values.</summary>
public enum DeploymentProfile
{
    /// <summary>Smallest: 2 bits, group 256.</summary>
    Edge,

    /// <summary>The defaults: 4 bits, group 128.</summary>
    Local,

    /// <summary>Most faithful: 8 bits, group 64.</summary>
    Cloud,
}
