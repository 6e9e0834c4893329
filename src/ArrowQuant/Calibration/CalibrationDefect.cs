namespace ArrowQuant.Calibration;

/// <summary>Why calibration data cannot serve a layer.</summary>
/// <param name="Cause">A short stable word.</param>
/// <param name="Message">The full error.</param>
/// <param name="DataIsThere">True when there is data for the layer and it is wrong.</param>
internal sealed record CalibrationDefect(string Cause, string Message, bool DataIsThere)
{
    /// <summary>The run has no calibration data at all.</summary>
    public static CalibrationDefect NoData { get; } = new("no_calibration_data", "no calibration data", false);
}
