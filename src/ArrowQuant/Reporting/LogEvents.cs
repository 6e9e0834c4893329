using Microsoft.Extensions.Logging;

namespace ArrowQuant.Reporting;

/// <summary>Every message that a run logs.</summary>
internal static partial class LogEvents
{
    [LoggerMessage(1, LogLevel.Information,
        "{Model}: {Modality} model, strategy {Method} + {Enhancement}, {Quantized} layers to quantize, {Kept} tensors kept")]
    public static partial void Planned(
        this ILogger logger, string model, string modality, string method, string enhancement, int quantized, int kept);

    [LoggerMessage(2, LogLevel.Warning, "{From} failed on {Count} layers, {To} takes its place: {Message}")]
    public static partial void MethodFellBack(this ILogger logger, string from, string to, int count, string message);

    [LoggerMessage(3, LogLevel.Warning,
        "INT{From} reached accuracy {Accuracy:0.######}, below the threshold {Threshold}; "
        + "falling back to INT{To}, judged at {NextThreshold}")]
    public static partial void WidthFellBack(
        this ILogger logger, int from, double accuracy, double threshold, int to, double nextThreshold);

    [LoggerMessage(4, LogLevel.Warning,
        "INT{From}: {Count} layers are below the threshold {Threshold} and climb to INT{To}, "
        + "judged at {NextThreshold}; lowest: {Worst} with {Accuracy:0.######}")]
    public static partial void LayersFellBack(
        this ILogger logger, int from, int count, double threshold, int to, double nextThreshold, string worst, double accuracy);

    [LoggerMessage(5, LogLevel.Information,
        "attempt {Number} at INT{BitWidth}: accuracy {Accuracy:0.######} against {Threshold}: {Outcome}")]
    public static partial void AttemptEnded(
        this ILogger logger, int number, int bitWidth, double accuracy, double threshold, string outcome);

    [LoggerMessage(6, LogLevel.Warning, "the progress consumer failed and is told nothing more: {Message}")]
    public static partial void ProgressConsumerFailed(this ILogger logger, string message);

    [LoggerMessage(7, LogLevel.Information, "{Note}")]
    public static partial void SourceNote(this ILogger logger, string note);

    [LoggerMessage(8, LogLevel.Warning, "calibration data names {Count} layers that the model does not have, the first is {Layer}")]
    public static partial void UnknownCalibrationLayers(this ILogger logger, int count, string layer);

    [LoggerMessage(9, LogLevel.Information, "finished blocks: {Taken} taken over, {Made} quantized")]
    public static partial void FinishedBlocksTaken(this ILogger logger, long taken, long made);

    [LoggerMessage(10, LogLevel.Warning,
        "{Path}: an earlier run left finished blocks; --resume takes them over, and this run without it removes them when it has published")]
    public static partial void FinishedBlocksIgnored(this ILogger logger, string path);

    [LoggerMessage(11, LogLevel.Warning, "{Path}: {Bytes} bytes behind the last whole block are torn and were dropped")]
    public static partial void TornBlocksDropped(this ILogger logger, string path, long bytes);

    [LoggerMessage(14, LogLevel.Information,
        "planned in {Planning:0.000} s, passes {Passes:0.000} s, published in {Publishing:0.000} s; the threads together read "
        + "{Reading:0.000} s, hashed {Hashing:0.000} s, quantized {Quantizing:0.000} s, wrote {Writing:0.000} s, "
        + "brought to the disk {Flushing:0.000} s")]
    public static partial void TimesOfRun(
        this ILogger logger, double planning, double passes, double publishing,
        double reading, double hashing, double quantizing, double writing, double flushing);

    [LoggerMessage(13, LogLevel.Warning, "{Path}: nothing of it can be reused: {Reason}")]
    public static partial void NothingReused(this ILogger logger, string path, string reason);

    [LoggerMessage(12, LogLevel.Warning, "{Path}: finished blocks are kept there; the same run with --resume goes on from them")]
    public static partial void FinishedBlocksKept(this ILogger logger, string path);
}
