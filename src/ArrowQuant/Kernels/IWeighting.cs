namespace ArrowQuant.Kernels;

/// <summary>Whether a fit weighs columns; a type, so that the unweighted fit has no trace of it.</summary>
internal interface IWeighting
{
    /// <summary>True when every squared error counts with its column's weight.</summary>
    static abstract bool HasWeights { get; }
}

/// <summary>All columns count the same.</summary>
internal readonly struct Unweighted : IWeighting
{
    public static bool HasWeights => false;
}

/// <summary>Columns count with their importance, the diagonal of the Hessian.</summary>
internal readonly struct Weighted : IWeighting
{
    public static bool HasWeights => true;
}
