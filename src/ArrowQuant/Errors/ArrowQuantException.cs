namespace ArrowQuant.Errors;

/// <summary>
/// The base of every failure that ArrowQuant foresees. The message is one line that names what was found, what was expected and,
/// where it is known, what to do. Argument misuse stays <see cref="ArgumentException"/>, cancellation
/// <see cref="OperationCanceledException"/>.
/// </summary>
public abstract class ArrowQuantException : Exception
{
    private protected ArrowQuantException(string message, Exception? innerException)
        : base(PrintableLine.Of(message), innerException)
    {
    }

    /// <summary>The kind of failure as documents name it: <c>configuration</c>, <c>model_not_found</c>, <c>model_format</c>, ...</summary>
    public abstract string Kind { get; }

    /// <summary>The file or folder that the failure is about, or null when it is about none.</summary>
    public string? FilePath { get; init; }

    /// <summary>The tensor that the failure is about, or null when it is about none.</summary>
    public string? TensorName { get; init; }
}
