namespace ArrowQuant.Calibration;

/// <summary>Why calibration data cannot serve a layer.</summary>
/// <param name="Cause">A short stable word.</param>
/// <param name="Message">The full error.</param>
/// <param name="DataIsThere">True when there is data for the layer and it is wrong.</param>
internal sealed record CalibrationDefect(string Cause, string Message, bool DataIsThere)
{
    /// <summary>The run has no calibration data at all.</summary>
    public static CalibrationDefect NoData { get; } = new("no_calibration_data", "no calibration data", false);

    /// <summary>The run has data, but none for this layer.</summary>
    public static CalibrationDefect NoLayer(string layer) => new("layer_not_calibrated", $"no calibration data for layer {layer}", false);

    /// <summary>Rows of another length than the layer's input.</summary>
    public static CalibrationDefect WrongChannels(string layer, long found, long expected) =>
        new("wrong_channel_count", $"calibration input of layer {layer} has {found} channels, expected {expected}", true);

    /// <summary>A value that is not finite.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="place">Where: <c>row 3, channel 7</c>.</param>
    public static CalibrationDefect NonFinite(string layer, string place) =>
        new("non_finite_statistics", $"calibration input of layer {layer} has a value that is not finite in {place}", true);

    /// <summary>Statistics that no data can have.</summary>
    public static CalibrationDefect Impossible(string layer, string place) =>
        new("invalid_statistics",
            $"calibration statistics of layer {layer} are negative in {place}, expected means of squares and maxima", true);

    /// <summary>Fewer rows than a fit and a held-out part need.</summary>
    public static CalibrationDefect TooFewRows(string layer, long found, int expected) =>
        new("too_few_rows", $"calibration input of layer {layer} has {found} rows that may be used, expected at least {expected}", true);

    /// <summary>Another number of timesteps than rows.</summary>
    public static CalibrationDefect TimestepCount(string layer, long timesteps, long rows) =>
        new("timestep_count", $"calibration data of layer {layer} has {timesteps} timesteps for {rows} rows, expected one for each", true);

    /// <summary>No timesteps, or not for every row. Only methods that need time are hindered.</summary>
    public static CalibrationDefect MissingTimesteps(string layer, long? row) => new(
        "missing_timesteps",
        row is null
            ? $"calibration data of layer {layer} has no timesteps"
            : $"calibration data of layer {layer} has no timestep in row {row}, expected one in every row",
        true);

    /// <summary>A span of timesteps without any data.</summary>
    public static CalibrationDefect EmptyTimeGroup(string layer, int bucket) =>
        new("empty_time_group",
            $"calibration statistics of layer {layer} hold nothing in bucket {bucket}, where other buckets have data", true);
}
