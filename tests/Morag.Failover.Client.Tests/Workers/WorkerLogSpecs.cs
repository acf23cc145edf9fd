using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client.Tests.Workers;

public sealed class WorkerLogSpecs
{
    [Fact]
    public void Should_log_a_problem_once_and_again_after_a_while_when_it_lasts()
    {
        var clock = new FakeTimeProvider();
        var lines = new Lines();
        var log = new WorkerLog(lines, new WorkerId("w"), clock);

        log.Trouble("register", new TimeoutException("no answer"));
        clock.Advance(WorkerLog.RepeatAfter / 2);
        log.Trouble("register", new TimeoutException("no answer"));
        Assert.Single(lines.Written);

        clock.Advance(WorkerLog.RepeatAfter / 2);
        log.Trouble("register", new TimeoutException("no answer"));
        log.Trouble("register", new TimeoutException("no answer"));
        Assert.Equal(2, lines.Written.Count);

        log.Trouble("register", new TimeoutException("another reason"));
        Assert.Equal(3, lines.Written.Count);
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public void Log<TState>(
            LogLevel logLevel,
            Microsoft.Extensions.Logging.EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            Written.Add(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
