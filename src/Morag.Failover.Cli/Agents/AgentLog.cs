using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// The agent's log, one line for each event. A reader that stalls or a full disk never blocks the agent: it drops lines, and logs their
/// number later.
/// </summary>
internal sealed class AgentLog : ILogger, IAsyncDisposable
{
    private const int Capacity = 10_000;

    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);

    private readonly TextWriter output;
    private readonly TimeProvider clock;
    private readonly Channel<string> lines;
    private readonly Task writing;
    private long dropped;

    public AgentLog(TextWriter output, TimeProvider clock)
    {
        this.output = output;
        this.clock = clock;
        lines = Channel.CreateBounded<string>(new BoundedChannelOptions(Capacity) { SingleReader = true });
        writing = Task.Run(WriteAllAsync);
    }

    public TimeProvider Clock => clock;

    /// <summary>Queues a line. It is thread-safe, and never blocks or throws.</summary>
    public void Write(string line)
    {
        if (!lines.Writer.TryWrite(Stamped(line)))
        {
            _ = Interlocked.Increment(ref dropped);
        }
    }

    /// <summary>Queues what the shared parts of the agent and the .NET worker log.</summary>
    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Write(exception is null ? formatter(state, exception) : $"{formatter(state, exception)}: {exception}");
        }
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <summary>Waits up to 2 seconds for the last lines to be written.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = lines.Writer.TryComplete();
        await Task.WhenAny(writing, Task.Delay(FlushTimeout, clock));
    }

    private async Task WriteAllAsync()
    {
        await foreach (var line in lines.Reader.ReadAllAsync())
        {
            var missing = Interlocked.Exchange(ref dropped, 0);
            var notice = missing == 0 ? "" : Stamped($"{Counted.Of(missing, "log line")} could not be written") + Environment.NewLine;
            if (!TryWrite(notice + line))
            {
                _ = Interlocked.Add(ref dropped, missing + 1);
            }
        }
    }

    private bool TryWrite(string text)
    {
        try
        {
            output.WriteLine(text);
            output.Flush();
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string Stamped(string line) =>
        $"{clock.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {Palettes.Cell.Safe(line)}";
}
