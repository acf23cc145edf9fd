using System.Threading.Channels;
using Akka.Actor;
using Akka.Event;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>
/// A worker's open session on this node. It announces the session to the worker's entity and forwards the entity's signals. When the
/// entity moves or restarts, the session is announced again, because the new incarnation does not know it. It is not announced at any
/// other time: an announcement counts as a heartbeat of the worker, and this node cannot vouch for the worker.
/// </summary>
internal sealed class WorkerSessionActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly IActorRef workers;
    private readonly OpenSession session;
    private readonly ChannelWriter<ServerSentEvent> stream;
    private readonly TaskCompletionSource<Refused?> opened;

    public WorkerSessionActor(
        IActorRef workers, OpenSession session, ChannelWriter<ServerSentEvent> stream, TaskCompletionSource<Refused?> opened)
    {
        this.workers = workers;
        this.session = session;
        this.stream = stream;
        this.opened = opened;

        Receive<Announce>(_ => AnnounceSession());
        Receive<Done>(_ => Opened());
        Receive<Terminated>(_ => AnnounceSession());
        Receive<Refused>(Refuse);
        Receive<SupersededSignal>(_ =>
        {
            Forward(new ServerSentEvent("superseded", "{}"u8.ToArray()));
            stream.TryComplete();
        });
        Receive<LeaseRevoked>(signal => Forward(ServerSentEvent.Of("lease_revoked", signal)));
        Receive<DrainSignal>(signal => Forward(ServerSentEvent.Of("drain", signal)));
        Receive<ResumeSignal>(signal => Forward(ServerSentEvent.Of("resume", signal)));
        Receive<BreakerSignal>(signal => Forward(ServerSentEvent.Of("breaker", signal)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(
        IActorRef workers, OpenSession session, ChannelWriter<ServerSentEvent> stream, TaskCompletionSource<Refused?> opened) =>
        Akka.Actor.Props.Create(() => new WorkerSessionActor(workers, session, stream, opened));

    protected override void PreStart() => AnnounceSession();

    protected override void PostStop()
    {
        opened.TrySetResult(Refused.Unavailable("the node is stopping"));
        stream.TryComplete();
    }

    private void AnnounceSession()
    {
        workers.Tell(session);
        Timers.StartSingleTimer(Announce.Instance, Announce.Instance, RetryAfter);
    }

    private void Opened()
    {
        Timers.Cancel(Announce.Instance);
        Context.Watch(Sender);
        opened.TrySetResult(null);
    }

    private void Refuse(Refused refused)
    {
        // Until the session is open, this is the answer to the caller. An open session ends only on a permanent refusal: the worker
        // unregistered, or another instance replaced it.
        if (!opened.TrySetResult(refused) && refused.Reason is RefusalReason.Unknown or RefusalReason.Conflict)
        {
            Forward(ServerSentEvent.Of("closed", Problem.Of(refused)));
            stream.TryComplete();
        }
    }

    private void Forward(ServerSentEvent next)
    {
        if (!stream.TryWrite(next))
        {
            // Signals are hints: the response to the next heartbeat carries the same information.
            Context.GetLogger().Debug(
                "Session {0} of worker {1} reads too slowly; dropped the signal {2}", session.SessionId, session.WorkerId, next.Name);
        }
    }

    private sealed class Announce
    {
        public static readonly Announce Instance = new();
    }
}
