namespace ArrowQuant.Errors;

/// <summary>Calibration data is missing where it was named, corrupt, or not understood.</summary>
public sealed class CalibrationException : ArrowQuantException
{
    /// <summary>Creates the failure with a one-line message and, where there is one, its cause.</summary>
    public CalibrationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <inheritdoc/>
    public override string Kind => "calibration";
}
