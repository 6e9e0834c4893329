namespace ArrowQuant.Errors;

/// <summary>A model file is corrupt, not understood, refused, or holds nothing to quantize.</summary>
public sealed class ModelFormatException : ArrowQuantException
{
    /// <summary>Creates the failure with a one-line message and, where there is one, its cause.</summary>
    public ModelFormatException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "model_format";
}
