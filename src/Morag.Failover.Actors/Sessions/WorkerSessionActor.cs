using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Sessions;

/// <summary>The worker's end of a session, as the node that holds the connection sees it. Called by one actor at a time.</summary>
public interface IWorkerSessionClient
{
    /// <summary>Called once, when the worker's entity has accepted or refused the session.</summary>
    void OnOpened(Refused? refused);

    /// <summary>
    /// The entity has moved or restarted, and the session is known to it again. Signals may have been lost meanwhile, so the worker should
    /// send a heartbeat.
    /// </summary>
    void OnReopened();

    /// <summary>A signal for the worker.</summary>
    void OnSignal(ISessionSignal signal);

    /// <summary>The session is over for good: the worker unregistered, or another instance replaced it.</summary>
    void OnClosed(Refused refused);
}

/// <summary>
/// A worker's open session on this node. It announces the session to the worker's entity and forwards the entity's signals. When the entity
/// moves or restarts, the session is announced again, because the new incarnation does not know it. A session without beats is not
/// announced at any other time: its announcement counts as a heartbeat, and this node does not know whether the worker is alive.
/// </summary>
public sealed class WorkerSessionActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly IActorRef workers;
    private readonly OpenSession session;
    private readonly WatchedSession? watched;
    private readonly IWorkerSessionClient client;
    private bool wasOpened;
    private IActorRef? entity;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public WorkerSessionActor(IActorRef workers, OpenSession session, WatchedSession? watched, IWorkerSessionClient client)
    {
        this.workers = workers;
        this.session = session;
        this.watched = watched;
        this.client = client;

        Receive<Announce>(_ => AnnounceSession());
        Receive<SessionObserved>(_ => AnnounceSession());
        Receive<SessionHeard>(_ => AnnounceSession());
        Receive<SessionWatched>(_ => Opened(follows: true));
        Receive<Done>(_ => Opened(follows: false));
        Receive<Terminated>(_ => OnEntityGone());
        Receive<Refused>(Refuse);
        Receive<ISessionSignal>(client.OnSignal);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Creates the props.</summary>
    /// <param name="workers">The region of the workers' entities.</param>
    /// <param name="session">The session.</param>
    /// <param name="watched">Its beats; null if it carries none.</param>
    /// <param name="client">The worker.</param>
    public static Props Props(IActorRef workers, OpenSession session, WatchedSession? watched, IWorkerSessionClient client) =>
        Akka.Actor.Props.Create(() => new WorkerSessionActor(workers, session, watched, client));

    /// <inheritdoc />
    protected override void PreStart()
    {
        watched?.AnnouncedBy(Self);
        AnnounceSession();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        if (!wasOpened)
        {
            client.OnOpened(Refused.Unavailable("the node is stopping"));
        }
    }

    private void AnnounceSession()
    {
        workers.Tell(session with { Watch = watched?.Observation() });
        if (entity is null)
        {
            Timers.StartSingleTimer(Announce.Instance, Announce.Instance, RetryAfter);
        }
    }

    private void Opened(bool follows)
    {
        watched?.FollowedBy(Sender, follows);
        Timers.Cancel(Announce.Instance);
        var isNew = !Sender.Equals(entity);
        if (isNew)
        {
            if (entity is not null)
            {
                Context.Unwatch(entity);
            }

            entity = Context.Watch(Sender);
        }

        if (!wasOpened)
        {
            wasOpened = true;
            client.OnOpened(null);
        }
        else if (isNew)
        {
            client.OnReopened();
        }
    }

    private void OnEntityGone()
    {
        entity = null;
        watched?.Unfollowed();
        if (watched is null or { IsSilent: false })
        {
            AnnounceSession();
        }

        // The entity of a silent worker stops when the worker is lost. It must not be started again before a beat arrives.
    }

    private void Refuse(Refused refused)
    {
        // Until the session is open, this is the answer to the caller. An open session ends only on a permanent refusal: the worker
        // unregistered, or another instance replaced it.
        if (!wasOpened)
        {
            wasOpened = true;
            client.OnOpened(refused);
        }
        else if (refused.Reason is RefusalReason.Unknown or RefusalReason.Conflict)
        {
            client.OnClosed(refused);
        }
    }

    private sealed class Announce : INoSerializationVerificationNeeded
    {
        public static readonly Announce Instance = new();
    }
}

/// <summary>The beats of a session are to be described to the worker's entity.</summary>
internal sealed class SessionObserved : INoSerializationVerificationNeeded
{
    public static readonly SessionObserved Instance = new();
}

/// <summary>A beat arrived that the worker's entity must learn of at once.</summary>
internal sealed class SessionHeard : INoSerializationVerificationNeeded
{
    public static readonly SessionHeard Instance = new();
}
