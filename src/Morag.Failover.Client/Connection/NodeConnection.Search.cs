namespace Morag.Failover.Client.Connection;

/// <content>
/// The search for a node that answers, after one did not. Where several nodes are cut off, asking one after the other would take as many
/// time limits, and the calls of a worker would not arrive before the worker counts as lost.
/// </content>
internal sealed partial class NodeConnection
{
    private Task<NodeAddress?>? search;

    /// <summary>
    /// Asks all nodes that this call has not tried whether they are alive, at the same time, and returns the first one that says so; null
    /// if none does within a second, or if only one is left. Calls that search at the same time share the search.
    /// </summary>
    private async Task<NodeAddress?> FirstLiveAsync(List<NodeAddress> tried, CancellationToken cancellation)
    {
        Task<NodeAddress?> shared;
        lock (changing)
        {
            var candidates = selection.Usable(Now).Where(address => !tried.Contains(address)).ToList();
            if (candidates.Count < 2 || isDisposed)
            {
                return null;
            }

            search = shared = search is { IsCompleted: false } ? search : AnyLiveAsync([.. candidates.Select(Entered)]);
        }

        var found = await shared.WaitAsync(cancellation);
        return found is not null && tried.Contains(found) ? null : found;

        ChannelUse Entered(NodeAddress address) => new(Channel(address));
    }

    /// <summary>The address of the first node that answers its health check; null if none does in time.</summary>
    private async Task<NodeAddress?> AnyLiveAsync(ChannelUse[] uses)
    {
        // The caller holds the lock.
        await Task.Yield();
        using var soon = new CancellationTokenSource(Patience, clock);
        var checks = uses.Select(IsLiveAsync).ToArray();
        NodeAddress? found = null;
        await foreach (var check in Task.WhenEach(checks))
        {
            if (found is null && await check is { } live)
            {
                found = live;
                await soon.CancelAsync();
            }
        }

        return found;

        async Task<NodeAddress?> IsLiveAsync(ChannelUse use)
        {
            using (use)
            {
                return await use.Channel.IsAsync("live", soon.Token) ? use.Address : null;
            }
        }
    }
}
