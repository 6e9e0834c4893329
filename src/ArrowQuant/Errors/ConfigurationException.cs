namespace ArrowQuant.Errors;

/// <summary>The configuration or the command line is wrong. Carries every error that was found, not only the first.</summary>
public sealed class ConfigurationException : ArrowQuantException
{
    /// <summary>Creates the failure from all errors, each one line with its origin, value and valid values.</summary>
    /// <exception cref="ArgumentException"><paramref name="errors"/> is empty.</exception>
    public ConfigurationException(IReadOnlyList<string> errors, Exception? innerException = null)
        : base(string.Join("; ", errors), innerException)
    {
        ArgumentOutOfRangeException.ThrowIfZero(errors.Count);
        Errors = [.. errors.Select(PrintableLine.Of)];
    }

    /// <summary>Every error, one line each.</summary>
    public IReadOnlyList<string> Errors { get; }

    /// <inheritdoc/>
    public override string Kind => "configuration";
}
