using Akka.Cluster.Sharding;
using Akka.Event;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Runs one owner in its shard and restarts it when it fails. Repeated failures are retried with exponential backoff and jitter, so that
/// owners that failed together do not restart together. While an owner is down, its callers are told so at once, with the reason.
/// </summary>
internal sealed class OwnerSupervisor : UntypedActor, IWithTimers
{
    /// <summary>
    /// The most messages that are buffered during recovery. Further messages are rejected, and their senders told to retry.
    /// </summary>
    private const int MostWaiting = 10_000;

    /// <summary>How often the permit is checked while messages are held back because it has lapsed.</summary>
    private static readonly TimeSpan PermitInterval = TimeSpan.FromMilliseconds(50);

    private readonly string owner;
    private readonly Props props;
    private readonly Func<TimeSpan> elapsed;
    private readonly IServingPermit permit;
    private readonly OwnerHealth health;
    private readonly RestartDelay delay = new(Chance.Of(Context.System).NextDouble);
    private readonly List<(object Message, IActorRef Sender)> waiting = [];
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly HeldCalls held = HeldCalls.Of(Context.System);
    private IActorRef? child;
    private int shownHeld;
    private bool recovered;
    private bool failedToRecover;
    private bool stopping;
    private string? whyDown;
    private string? failure;
    private string? logged;
    private TimeSpan startsAt;
    private TimeSpan since;
    private DateTimeOffset failingSince;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public OwnerSupervisor(string owner, Props props, Func<TimeSpan> elapsed, IServingPermit permit, OwnerHealth health)
    {
        this.owner = owner;
        this.props = props;
        this.elapsed = elapsed;
        this.permit = permit;
        this.health = health;
        since = elapsed();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Creates the props that run an owner.</summary>
    /// <param name="owner">Its persistence id, for logs and replies.</param>
    /// <param name="props">The props of the owner itself.</param>
    /// <param name="elapsed">Reads monotonic time, so that a step of the wall clock changes no delay.</param>
    /// <param name="permit">Whether this node may still answer; null if no other node can take over from it.</param>
    /// <param name="health">Receives an alert while the owner fails; null for none.</param>
    public static Props Props(
        string owner, Props props, Func<TimeSpan> elapsed, IServingPermit? permit = null, OwnerHealth? health = null)
    {
        var (given, told) = (permit ?? IServingPermit.Always, health ?? new OwnerHealth());
        return Akka.Actor.Props.Create(() => new OwnerSupervisor(owner, props, elapsed, given, told));
    }

    protected override void PreStart() => Start();

    protected override void PostStop()
    {
        health.Clear(owner);
        held.Set(Self.Path, 0);
    }

    // An exception stops the owner, as a failed write does: what it decided but did not store is lost with it.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(cause =>
    {
        failure = StoreFault.Describe(cause);
        return Directive.Stop;
    });

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case OwnerRecovered when Sender.Equals(child):
                OnRecovered();
                break;
            case OwnerFailed failed when Sender.Equals(child):
                OnFailed(failed);
                break;
            case Terminated ended when ended.ActorRef.Equals(child):
                OnEnded();
                break;
            case StartAgain:
                Start();
                break;
            case EndAlert:
                health.Clear(owner);
                break;
            case CheckPermit:
                PassWaiting();
                break;
            case Passivate passivate:
                Context.Parent.Tell(passivate);
                break;
            case StopEntity:
                OnStop();
                break;
            case GetOwnerStanding:
                Sender.Tell(Standing());
                break;
            default:
                Pass(message);
                break;
        }

        if (waiting.Count != shownHeld)
        {
            shownHeld = waiting.Count;
            held.Set(Self.Path, shownHeld);
        }
    }

    private void Start()
    {
        recovered = false;
        failure = null;
        child = Context.Watch(Context.ActorOf(props));
    }

    private void OnRecovered()
    {
        recovered = true;
        since = elapsed();
        whyDown = null;
        if (failedToRecover)
        {
            health.Clear(owner);
        }
        else
        {
            // Its last failure was in service, such as a rejected write, so its recovery does not show that the next write succeeds.
            Timers.StartSingleTimer(nameof(EndAlert), EndAlert.Instance, RestartDelay.Stable);
        }

        failedToRecover = false;
        PassWaiting();
        if (logged is not null)
        {
            log.Info("{Owner} has recovered and serves calls again", owner);
            logged = null;
        }
    }

    private void OnFailed(OwnerFailed failed)
    {
        failure = failed.Reason;
        if (failed.Unlogged is { } cause && logged != failed.Reason)
        {
            logged = failed.Reason;
            log.Error(
                cause,
                "{Owner} cannot recover: {Why}. Its calls get 503 until it recovers; the recovery is retried with backoff.",
                owner,
                failed.Reason);
        }
    }

    private void OnEnded()
    {
        child = null;
        if (stopping)
        {
            // Sent again to where the owner goes, with what is in the mailboxes: UndeliveredCalls.
            waiting.ForEach(each => Context.System.DeadLetters.Tell(each.Message, each.Sender));
            waiting.Clear();
            Context.Stop(Self);
            return;
        }

        var wait = delay.AfterFailure(recovered, elapsed() - since);
        whyDown = failure ?? "it stopped unexpectedly";
        failedToRecover = !recovered;
        recovered = false;
        startsAt = elapsed() + wait;
        failingSince = delay.Failures == 1 ? Context.System.Scheduler.Now : failingSince;
        Timers.Cancel(nameof(EndAlert));
        health.Fails(new OwnerAlert
        {
            Owner = owner,
            Reason = whyDown,
            Since = failingSince,
            Failures = delay.Failures,
            Node = Gateways.Of(Context.System).OwnName,
        });
        if (wait == TimeSpan.Zero)
        {
            Start();
        }
        else
        {
            Timers.StartSingleTimer(nameof(StartAgain), StartAgain.Instance, wait);
            RefuseWaiting();
        }
    }

    private void RefuseWaiting()
    {
        waiting.ForEach(each => Refuse(each.Message, each.Sender));
        waiting.Clear();
    }

    private void OnStop()
    {
        stopping = true;
        if (child is null)
        {
            Context.Stop(Self);
        }
        else
        {
            child.Forward(StopEntity.Instance);
        }
    }

    private void Pass(object message)
    {
        var permitted = permit.State;
        if (recovered && permitted == ServingPermit.Valid)
        {
            PassWaiting();
            child!.Forward(message);
        }
        else if (child is not null && !failedToRecover && permitted != ServingPermit.Revoked && waiting.Count < MostWaiting)
        {
            waiting.Add((message, Sender));
            CheckPermitSoon();
        }
        else
        {
            Refuse(message, Sender);
        }
    }

    /// <summary>Passes on what was held back, if the owner has recovered and this node may answer for it.</summary>
    private void PassWaiting()
    {
        if (!recovered || waiting.Count == 0)
        {
            return;
        }

        switch (permit.State)
        {
            case ServingPermit.Valid:
                waiting.ForEach(each => child!.Tell(each.Message, each.Sender));
                waiting.Clear();
                break;
            case ServingPermit.Revoked:
                RefuseWaiting();
                break;
            case ServingPermit.Lapsed:
                CheckPermitSoon();
                break;
            default:
                throw new InvalidOperationException($"Unknown permit {(int)permit.State}.");
        }
    }

    private void CheckPermitSoon()
    {
        if (recovered && !Timers.IsTimerActive(nameof(CheckPermit)))
        {
            Timers.StartSingleTimer(nameof(CheckPermit), CheckPermit.Instance, PermitInterval);
        }
    }

    private void Refuse(object message, IActorRef sender)
    {
        if (message is Refused)
        {
            return;
        }

        if (permit.State == ServingPermit.Revoked)
        {
            sender.Tell(Refused.Unavailable($"Another node has taken over {owner} from this one. Retry the call through another node."));
            return;
        }

        var wait = Wait();
        var next = child is null ? $"it restarts in {Seconds(wait)} s" : "it is recovering";
        sender.Tell(Refused.Down(owner, $"{owner} is down: {whyDown ?? "it has not recovered yet"}; {next}", wait));
    }

    private OwnerStanding Standing() => new()
    {
        Owner = owner,
        Down = permit.State == ServingPermit.Revoked ? "another node has taken it over from this one"
            : recovered ? null
            : child is null ? whyDown
            : whyDown is null ? $"it has been recovering for {Seconds(elapsed() - since)} s"
            : $"it is recovering from a failure: {whyDown}",
        RetryIn = child is null ? Wait() : null,
    };

    private TimeSpan Wait() => startsAt > elapsed() ? startsAt - elapsed() : TimeSpan.Zero;

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", System.Globalization.CultureInfo.InvariantCulture);

    private sealed class CheckPermit : INoSerializationVerificationNeeded
    {
        public static readonly CheckPermit Instance = new();
    }

    private sealed class EndAlert : INoSerializationVerificationNeeded
    {
        public static readonly EndAlert Instance = new();
    }

    private sealed class StartAgain : INoSerializationVerificationNeeded
    {
        public static readonly StartAgain Instance = new();
    }
}
