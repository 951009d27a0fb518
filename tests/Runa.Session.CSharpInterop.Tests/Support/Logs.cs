using System.Collections.Concurrent;

namespace Runa.Session.Tests;

internal sealed record LogLine(LogLevel Level, string Category, string Text, Exception? Error);

/// <summary>Every line that the application logs.</summary>
internal sealed class Logs : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> _lines = new();

    public IReadOnlyList<LogLine> All => [.. _lines];

    /// <summary>Of the library, of at least Warning.</summary>
    public IReadOnlyList<string> Warnings =>
        [.. _lines.Where(line => line.Category.StartsWith("Runa.Session", StringComparison.Ordinal) && line.Level >= LogLevel.Warning).Select(line => line.Text)];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(Logs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            logs._lines.Enqueue(new LogLine(logLevel, category, formatter(state, exception), exception));
    }
}
