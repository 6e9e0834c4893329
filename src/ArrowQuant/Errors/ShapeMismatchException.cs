namespace ArrowQuant.Errors;

/// <summary>Two shapes that must agree do not: of a tensor and its bytes, of an original and its quantized form.</summary>
public sealed class ShapeMismatchException : ArrowQuantException
{
    /// <summary>Creates the failure with a one-line message and, where there is one, its cause.</summary>
    public ShapeMismatchException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "shape_mismatch";
}
