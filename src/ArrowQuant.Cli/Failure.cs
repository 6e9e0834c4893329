using ArrowQuant.Cli.Rendering;
using ArrowQuant.Errors;
using ArrowQuant.Fallback;
using ArrowQuant.Reporting;

namespace ArrowQuant.Cli;

/// <summary>Turns an exception into an exit code, lines for people and a document for programs.</summary>
internal static class Failure
{
    private const string Stopped = "stopped before the end; nothing was published";

    /// <summary>What the exception means to the caller.</summary>
    /// <param name="exception">The exception that ended the command.</param>
    /// <param name="isCancelled">Whether the caller asked the command to stop.</param>
    public static ErrorDocument Describe(Exception exception, bool isCancelled)
    {
        (string kind, int exitCode, string message) = exception switch
        {
            OperationCanceledException when isCancelled => ("cancelled", ExitCodes.Interrupted, Stopped),
            ConfigurationException known => (known.Kind, ExitCodes.Usage, known.Message),
            QuantizationException known => (known.Kind, ExitCodes.Quality, known.Message),
            ResourceException known => (known.Kind, ExitCodes.Resources, known.Message),
            ArrowQuantException known => (known.Kind, ExitCodes.Data, known.Message),
            IOException or UnauthorizedAccessException => ("resource", ExitCodes.Resources, exception.Message),
            OutOfMemoryException => ("resource", ExitCodes.Resources, "out of memory; lower --max-memory or --threads"),
            _ => ("defect", ExitCodes.Defect, $"a defect in the program: {exception.GetType().Name}: {exception.Message}"),
        };
        ArrowQuantException? foreseen = exception as ArrowQuantException;
        QuantizationException? quality = exception as QuantizationException;
        string located = WithPlace(message, foreseen?.FilePath, foreseen?.TensorName);
        IReadOnlyList<string>? errors = (exception as ConfigurationException)?.Errors;
        return new(
            new(kind, OneLine.Of(located), foreseen?.FilePath, foreseen?.TensorName, exitCode, errors),
            quality?.Attempts ?? [],
            new FallbackReport(quality?.Events ?? [], quality?.Rates ?? new Dictionary<string, FallbackRate>()));
    }

    /// <summary>Prints the failure on standard error: one line for each error, and the attempts of a failed gate.</summary>
    /// <param name="document">The failure.</param>
    /// <param name="diagnostics">Where to.</param>
    /// <param name="traceOf">The exception whose stack trace is wanted, or null.</param>
    public static void Print(ErrorDocument document, DiagnosticOutput diagnostics, Exception? traceOf)
    {
        foreach (string message in document.Error.Errors ?? [document.Error.Message]) diagnostics.Error(message);
        foreach (QuantizationAttempt attempt in document.Attempts) diagnostics.Line("  " + OneLine.Of(QuantizationText.Attempt(attempt)));
        if (traceOf is not null) diagnostics.Line(traceOf.ToString());
        else if (document.Error.ExitCode == ExitCodes.Defect) diagnostics.Line("  please report it, with what --verbose prints");
    }

    // Messages name their file and tensor; where one does not, it is added rather than lost.
    private static string WithPlace(string message, string? file, string? tensor)
    {
        if (tensor is not null && !message.Contains(tensor, StringComparison.Ordinal)) message = $"tensor {tensor}: {message}";
        return file is not null && !message.Contains(file, StringComparison.Ordinal) ? $"{file}: {message}" : message;
    }
}
