namespace ArrowQuant.Kernels;

/// <summary>
/// Sums over weights w and their decoded values w^, in double precision. Adding sums of parts in a fixed order keeps results equal.
/// </summary>
internal struct ErrorSums
{
    /// <summary>Sum of w * w^.</summary>
    public double Product;

    /// <summary>Sum of w^2.</summary>
    public double Original;

    /// <summary>Sum of w^ squared.</summary>
    public double Decoded;

    /// <summary>Sum of (w - w^)^2, differences in single precision.</summary>
    public double Error;

    /// <summary>Largest |w - w^|.</summary>
    public float LargestError;

    /// <summary>Adds the sums of another part.</summary>
    public void Add(in ErrorSums other)
    {
        Product += other.Product;
        Original += other.Original;
        Decoded += other.Decoded;
        Error += other.Error;
        LargestError = Math.Max(LargestError, other.LargestError);
    }
}
