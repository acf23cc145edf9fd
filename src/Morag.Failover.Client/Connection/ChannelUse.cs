namespace Morag.Failover.Client.Connection;

/// <summary>A call or stream that uses the connections to one address, and keeps them open meanwhile.</summary>
internal sealed class ChannelUse : IDisposable
{
    private int isOver;

    public ChannelUse(NodeChannel channel)
    {
        Channel = channel;
        Abandoned = channel.Abandoned;
        channel.Enter();
    }

    public NodeChannel Channel { get; }

    public NodeAddress Address => Channel.Address;

    /// <summary>Cancelled when the node fails after the use began.</summary>
    public CancellationToken Abandoned { get; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref isOver, 1) == 0)
        {
            Channel.Leave();
        }
    }
}
