namespace ArrowQuant.Errors;

/// <summary>The model (or a file that it names) does not exist.</summary>
public sealed class ModelNotFoundException : ArrowQuantException
{
    /// <summary>Creates the failure with a one-line message and, where there is one, its cause.</summary>
    public ModelNotFoundException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "model_not_found";
}
