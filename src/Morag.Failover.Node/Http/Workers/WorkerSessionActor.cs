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
/// One worker's open session on this node: announces it to the worker's entity, and passes on what the entity signals. When the
/// entity ends (it moved, or restarted), the session is announced anew, because the next one knows nothing of it; never
/// otherwise, because an announcement counts as a sign of life of the worker, and this node cannot speak for it.
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
            Pass(new ServerSentEvent("superseded", "{}"u8.ToArray()));
            stream.TryComplete();
        });
        Receive<LeaseRevoked>(signal => Pass(ServerSentEvent.Of("lease_revoked", signal)));
        Receive<DrainSignal>(signal => Pass(ServerSentEvent.Of("drain", signal)));
        Receive<ResumeSignal>(signal => Pass(ServerSentEvent.Of("resume", signal)));
        Receive<BreakerSignal>(signal => Pass(ServerSentEvent.Of("breaker", signal)));
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
        // Before the session is open this is its answer. Afterwards only a refusal for good ends it: the worker unregistered,
        // or another instance took its place.
        if (!opened.TrySetResult(refused) && refused.Reason is RefusalReason.Unknown or RefusalReason.Conflict)
        {
            Pass(ServerSentEvent.Of("closed", Problem.Of(refused)));
            stream.TryComplete();
        }
    }

    private void Pass(ServerSentEvent next)
    {
        if (!stream.TryWrite(next))
        {
            // Signals are hints: the answer to the next heartbeat says the same.
            Context.GetLogger().Debug("Session {0} of {1} reads too slowly, {2} is left out", session.SessionId, session.WorkerId, next.Name);
        }
    }

    private sealed class Announce
    {
        public static readonly Announce Instance = new();
    }
}
