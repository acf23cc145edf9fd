namespace Morag.Failover.Client.Connection;

/// <content>The connections to each address, which stay open while a call or a stream uses them.</content>
internal sealed partial class NodeConnection
{
    /// <summary>Ends all calls and closes all connections.</summary>
    public void Dispose()
    {
        List<NodeChannel> open;
        lock (changing)
        {
            isDisposed = true;
            open = [.. channels.Values, .. retired];
            channels.Clear();
            retired.Clear();
        }

        // Outside the lock, because this runs what waits for the calls.
        open.ForEach(static channel => channel.Dispose());
    }

    /// <summary>Uses the connections to an address; null if none was chosen.</summary>
    private ChannelUse? Use(Func<NodeSelection, NodeAddress?> choose)
    {
        lock (changing)
        {
            if (choose(selection) is not { } address)
            {
                return null;
            }

            ObjectDisposedException.ThrowIf(isDisposed, this);
            return new ChannelUse(Channel(address));
        }
    }

    private NodeChannel Channel(NodeAddress address)
    {
        if (channels.TryGetValue(address, out var channel))
        {
            return channel;
        }

        channel = retired.Find(known => known.Address == address && known.TryReturn());
        if (channel is null)
        {
            channel = new NodeChannel(address, proxy, trust, wrap);
        }
        else
        {
            _ = retired.Remove(channel);
        }

        channels.Add(address, channel);
        return channel;
    }

    /// <summary>
    /// Changes the selection, and closes the connections to addresses that are gone when their calls have ended. Returns whether the
    /// addresses changed.
    /// </summary>
    private bool Change(Func<NodeSelection, NodeSelection> change)
    {
        List<NodeChannel> gone = [];
        bool changed;
        lock (changing)
        {
            var before = selection;
            var after = change(before);
            selection = after;
            changed = !before.All.SequenceEqual(after.All);
            foreach (var address in changed ? channels.Keys.Where(address => !after.All.Contains(address)).ToList() : [])
            {
                _ = channels.Remove(address, out var channel);
                (channel!.Retire() ? gone : retired).Add(channel);
            }
        }

        gone.ForEach(channel => channel.Dispose());
        return changed;
    }

    /// <summary>
    /// Ends the calls and streams to addresses that are no longer used, if the node does not answer: no other call would find that out.
    /// </summary>
    private async Task CheckRetiredAsync(CancellationToken cancellation)
    {
        List<NodeChannel> open;
        lock (changing)
        {
            _ = retired.RemoveAll(channel => channel.IsGone);
            open = [.. retired];
        }

        await Task.WhenAll(open.Select(async channel =>
        {
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            soon.CancelAfter(Patience);
            if (!await channel.IsAsync("live", soon.Token) && !cancellation.IsCancellationRequested)
            {
                channel.Abandon();
            }
        }));
    }
}
