namespace ArrowQuant.Errors;

/// <summary>Something outside the model gave out: disk space, the memory bound, permissions, the output path, a lock.</summary>
public sealed class ResourceException : ArrowQuantException
{
    /// <summary>Creates the failure with a one-line message and, where there is one, its cause.</summary>
    public ResourceException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "resource";
}
