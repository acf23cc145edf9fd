using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Node.Logging;

/// <summary>Passes what the host logs to the <see cref="NodeLogFeed"/>.</summary>
[ProviderAlias("NodeLogFeed")]
internal sealed class NodeLogFeedProvider(NodeLogFeed feed) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new CategoryLog(feed, categoryName);

    public void Dispose()
    {
    }

    private sealed class CategoryLog(NodeLogFeed feed, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is not LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            feed.Add(SeverityOf(logLevel), category, formatter(state, exception), exception);

        private static LogSeverity SeverityOf(LogLevel level) => level switch
        {
            LogLevel.Trace or LogLevel.Debug => LogSeverity.Debug,
            LogLevel.Information => LogSeverity.Info,
            LogLevel.Warning => LogSeverity.Warning,
            LogLevel.Error or LogLevel.Critical => LogSeverity.Error,
            LogLevel.None or _ => throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level."),
        };
    }
}
