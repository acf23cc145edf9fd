using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>The worker's open session, if any. Not stored: gateways open it again.</summary>
internal sealed class WorkerSession
{
    private string? sessionId;
    private InstanceId? instance;
    private IActorRef? gateway;

    /// <summary>Whether this session is the open one.</summary>
    public bool Is(string id) => sessionId == id;

    /// <summary>Opens a session, which replaces the previous one. A session of another instance is told so.</summary>
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

    /// <summary>Closes the session if it does not belong to the registered instance.</summary>
    public void Supersede(InstanceId? registered)
    {
        if (gateway is not null && instance is not null && instance != registered)
        {
            Tell(new SupersededSignal());
            Close();
        }
    }

    /// <summary>Closes the session.</summary>
    public void Close()
    {
        sessionId = null;
        instance = null;
        gateway = null;
    }

    /// <summary>Sends a signal to the worker, if the session is open.</summary>
    public void Tell(ISessionSignal signal) => gateway?.Tell(signal);
}
