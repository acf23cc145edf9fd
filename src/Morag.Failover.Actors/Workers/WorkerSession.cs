using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>The worker's open session, if there is one. Not stored: gateways open it again.</summary>
internal sealed class WorkerSession
{
    private string? sessionId;
    private InstanceId? instance;
    private IActorRef? gateway;

    /// <summary>Whether this session is the open one.</summary>
    public bool Is(string id) => sessionId == id;

    /// <summary>Opens a session in the place of the one before, which hears of it where it belongs to another instance.</summary>
    public void Open(OpenSession opened, IActorRef by)
    {
        if (gateway is not null && sessionId != opened.SessionId && instance != opened.InstanceId)
        {
            Tell(new SupersededSignal());
        }

        sessionId = opened.SessionId;
        instance = opened.InstanceId;
        gateway = by;
    }

    /// <summary>Ends a session of another instance than the registered one.</summary>
    public void Supersede(InstanceId? registered)
    {
        if (gateway is not null && instance is not null && instance != registered)
        {
            Tell(new SupersededSignal());
            Close();
        }
    }

    /// <summary>The session ended.</summary>
    public void Close()
    {
        sessionId = null;
        instance = null;
        gateway = null;
    }

    /// <summary>Tells the worker something, if it listens.</summary>
    public void Tell(ISessionSignal signal) => gateway?.Tell(signal);
}
