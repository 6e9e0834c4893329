using Microsoft.Extensions.Logging;

namespace ArrowQuant.Cli.Rendering;

/// <summary>The library's log on standard error: warnings and worse, information too when it is asked for.</summary>
internal sealed class DiagnosticLogger(DiagnosticOutput output, bool verbose) : ILogger
{
    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) =>
        logLevel != LogLevel.None && logLevel >= (verbose ? LogLevel.Information : LogLevel.Warning);

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        string message = formatter(state, exception);
        switch (logLevel)
        {
            case >= LogLevel.Error:
                output.Error(message);
                break;
            case LogLevel.Warning:
                output.Warning(message);
                break;
            default:
                output.Line($"info: {OneLine.Of(message)}");
                break;
        }

        if (verbose && exception is not null) output.Line(exception.ToString());
    }
}
