namespace ArrowQuant.Methods;

/// <summary>
/// Why a method or enhancement could not do a layer, and what does it instead. A value: it never travels as an exception.
/// </summary>
/// <param name="Kind"><c>method</c> or <c>enhancement</c>.</param>
/// <param name="From">What failed.</param>
/// <param name="To">The method that takes its place.</param>
/// <param name="Cause">A short stable word: <c>no_calibration_data</c>, <c>layer_not_calibrated</c>,
/// <c>wrong_channel_count</c>, ...</param>
/// <param name="Message">The original error.</param>
internal sealed record MethodFailure(string Kind, string From, string To, string Cause, string Message);
