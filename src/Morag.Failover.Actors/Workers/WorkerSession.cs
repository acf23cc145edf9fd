using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>The worker's open session, if any. Not stored: gateways open it again.</summary>
internal sealed class WorkerSession
{
    private string? sessionId;
    private InstanceId? instance;
    private IActorRef? gateway;
    private (InstanceId? Of, long Ordinal) latest;

    /// <summary>Whether this session is the open one.</summary>
    public bool Is(string id) => sessionId == id;

    /// <summary>
    /// Whether the instance has opened a later session than this one, even if that one is closed again. The gateway of this one has not
    /// noticed its end.
    /// </summary>
    public bool IsOutdated(OpenSession opened) =>
        opened.Ordinal > 0 && opened.InstanceId is not null && opened.InstanceId == latest.Of
        && opened.Ordinal < latest.Ordinal;

    /// <summary>
    /// Opens a session, which replaces the previous one. The gateway of the previous one is told so, unless it may be the same session,
    /// opened by a worker that does not count its sessions.
    /// </summary>
    public void Open(OpenSession opened, IActorRef by)
    {
        if (gateway is not null && sessionId != opened.SessionId && (instance != opened.InstanceId || opened.Ordinal > 0))
        {
            Tell(new SupersededSignal());
        }

        sessionId = opened.SessionId;
        instance = opened.InstanceId;
        gateway = by;
        if (opened.InstanceId != latest.Of || opened.Ordinal > latest.Ordinal)
        {
            latest = (opened.InstanceId, opened.Ordinal);
        }
    }

    /// <summary>Closes the session if it does not belong to the registered instance. Returns whether it did.</summary>
    public bool Supersede(InstanceId? registered)
    {
        if (gateway is null || instance is null || instance == registered)
        {
            return false;
        }

        Tell(new SupersededSignal());
        Close();
        return true;
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
