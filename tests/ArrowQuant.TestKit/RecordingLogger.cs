using Microsoft.Extensions.Logging;

namespace ArrowQuant.TestKit;

/// <summary>A logger that keeps every message, in order. Thread-safe.</summary>
public sealed class RecordingLogger : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<(LogLevel Level, string Message)> _entries = [];

    /// <summary>Everything that was logged until now.</summary>
    public IReadOnlyList<(LogLevel Level, string Message)> Entries
    {
        get
        {
            lock (_lock) return [.. _entries];
        }
    }

    /// <summary>The warnings among them.</summary>
    public IReadOnlyList<string> Warnings => [.. Entries.Where(entry => entry.Level == LogLevel.Warning).Select(entry => entry.Message)];

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string message = formatter(state, exception);
        lock (_lock) _entries.Add((logLevel, message));
    }
}
