
namespace Morag.Failover.Client.Connection;

/// <summary>
/// Learns the addresses of the other nodes, and goes back to the first given one when its node is ready again. It asks often after a
/// change, and seldom otherwise.
/// </summary>
internal sealed class DiscoveryLoop : IDisposable
{
    private static readonly TimeSpan MinPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(5);

    private readonly NodeConnection node;
    private readonly Action<string> log;
    private readonly TimeProvider clock;
    private readonly Action? onMoved;
    private readonly SemaphoreSlim moved = new(0);
    private volatile NodeAddress? logged;

    /// <param name="node">The connection.</param>
    /// <param name="log">Logs a line.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="onMoved">Called after the log line when calls have moved to another node; null for nothing.</param>
    public DiscoveryLoop(NodeConnection node, Action<string> log, TimeProvider clock, Action? onMoved = null)
    {
        this.onMoved = onMoved;
        this.node = node;
        this.log = log;
        this.clock = clock;
        node.Moved = OnMoved;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        var pause = MinPause;
        while (!cancellation.IsCancellationRequested)
        {
            var changed = await LearnAsync(cancellation);
            pause = changed ? MinPause : pause * 2 < MaxPause ? pause * 2 : MaxPause;
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var hurry = moved.WaitAsync(wait.Token);
            if (await Task.WhenAny(Task.Delay(Jittered(pause), clock, wait.Token), hurry) == hurry)
            {
                pause = MinPause;
            }
            else if (await node.ReturnAsync(cancellation))
            {
                Log(node.Addresses[0], $"the first node is ready again; calls go to {node.Addresses[0]}");
            }

            await wait.CancelAsync();
        }
    }

    public void Dispose()
    {
        node.Moved = null;
        moved.Dispose();
    }

    private async Task<bool> LearnAsync(CancellationToken cancellation)
    {
        try
        {
            var changed = await node.LearnAsync(cancellation);
            if (changed)
            {
                log($"nodes: {string.Join(", ", node.Addresses)}");
            }

            return changed;
        }
        catch (Exception failure) when (failure is NodeUnreachable or NodeRefused or TokenUnavailable or TokenExposed)
        {
            // The heartbeat loop logs that no node is reachable. An older node does not know the call.
            return false;
        }
    }

    private void OnMoved(NodeAddress to)
    {
        // The last node may have failed, or it stops as it was told to.
        Log(to, $"calls go to {to} from now on, because they failed at {node.LastFailure}");
        _ = moved.Release();
    }

    // While every node rejects the calls, they alternate. The log names an address only when it is another one than before.
    private void Log(NodeAddress to, string line)
    {
        if ((logged ?? node.Addresses[0]) != to)
        {
            log(line);
            onMoved?.Invoke();
        }

        logged = to;
    }

    // Many agents that start at the same moment do not ask at the same moment.
    private static TimeSpan Jittered(TimeSpan pause) => pause * (0.5 + (Random.Shared.NextDouble() / 2));
}
