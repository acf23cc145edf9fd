using System.Globalization;
using System.Threading.Channels;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// What an agent tells whoever watches it: one line for each thing that happened. Whoever does not read the lines, or a full disk
/// behind them, holds up nothing: lines are lost then, and their number is told later.
/// </summary>
internal sealed class AgentLog : IAsyncDisposable
{
    private const int MostLinesWaiting = 10_000;

    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(2);

    private readonly TextWriter output;
    private readonly TimeProvider clock;
    private readonly Channel<string> lines;
    private readonly Task writing;
    private long lost;

    public AgentLog(TextWriter output, TimeProvider clock)
    {
        this.output = output;
        this.clock = clock;
        lines = Channel.CreateBounded<string>(new BoundedChannelOptions(MostLinesWaiting) { SingleReader = true });
        writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Takes a line; any thread may call it, and it never waits or throws.</summary>
    public void Write(string line)
    {
        if (!lines.Writer.TryWrite(Stamped(line)))
        {
            _ = Interlocked.Increment(ref lost);
        }
    }

    /// <summary>Waits a moment for the last lines.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = lines.Writer.TryComplete();
        await Task.WhenAny(writing, Task.Delay(LastLines, clock));
    }

    private async Task WriteAllAsync()
    {
        await foreach (var line in lines.Reader.ReadAllAsync())
        {
            var missing = Interlocked.Exchange(ref lost, 0);
            var told = missing == 0 ? "" : Stamped($"{Counted.Of(missing, "line")} of this log could not be written") + Environment.NewLine;
            if (!TryWrite(told + line))
            {
                _ = Interlocked.Add(ref lost, missing + 1);
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
