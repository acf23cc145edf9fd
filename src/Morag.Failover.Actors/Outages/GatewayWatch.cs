using Akka.Cluster;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Tells the other nodes that this one is healthy, with <see cref="NodeBeat"/>s, and records in <see cref="Gateways"/> what their node
/// beats and the cluster report about them. Its own late ticks and the slow writes of the store add to this node's patience. A node beat
/// also lists the sessions of this node in which beats of workers arrived.
/// </summary>
internal sealed class GatewayWatch : UntypedActor, IWithTimers
{
    /// <summary>The actor's name. It is the same on every node, because the node beats are sent to it.</summary>
    public const string Name = "gateway-watch";

    private readonly INodePeers peers;
    private readonly Gateways gateways = Gateways.Of(Context.System);
    private readonly StoreWatch store = StoreWatch.Of(Context.System);
    private readonly WatchedSessions sessions = WatchedSessions.Of(Context.System);
    private readonly Dictionary<Address, ICanTell> others = [];
    private readonly IOutageWatch outages;
    private readonly TimeSpan tolerance;
    private readonly TimeSpan interval;
    private TimeSpan? lastTickAt;

    /// <param name="peers">The other nodes.</param>
    /// <param name="outages">The outages of this node.</param>
    /// <param name="tolerance">The shortest silence of a node that counts as an outage; four beats are sent in this time.</param>
    public GatewayWatch(INodePeers peers, IOutageWatch outages, TimeSpan tolerance)
    {
        this.peers = peers;
        this.outages = outages;
        this.tolerance = tolerance;
        interval = tolerance / 4;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    private static TimeSpan Elapsed => Context.System.Scheduler.MonotonicClock;

    /// <inheritdoc />
    protected override void PreStart()
    {
        peers.Subscribe(Self);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, interval);
    }

    /// <inheritdoc />
    protected override void PostStop() => peers.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                OnTick();
                break;
            case NodeBeat beat:
                gateways.Beat(Sender.Path.Address, beat, tolerance, Now);
                break;
            case ClusterEvent.IMemberEvent { Member: var member } change when peers.IsOther(member):
                OnMember(change, member);
                break;
            case ClusterEvent.UnreachableMember { Member: var member }:
                gateways.Lost(member.Address, Now);
                break;
            case ClusterEvent.ReachableMember { Member: var member }
                when member.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up:
                gateways.Reachable(member.Address, Now);
                break;
            case ClusterEvent.IMemberEvent or ClusterEvent.IReachabilityEvent:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnMember(ClusterEvent.IMemberEvent change, Member member)
    {
        switch (change)
        {
            case ClusterEvent.MemberJoined or ClusterEvent.MemberWeaklyUp or ClusterEvent.MemberUp:
                if (others.TryAdd(member.Address, peers.WatchOf(member.Address)))
                {
                    gateways.Joined(member.Address, Now);
                }

                break;
            case ClusterEvent.MemberLeft or ClusterEvent.MemberExited:
                gateways.Lost(member.Address, Now);
                break;
            default: // Down or removed.
                others.Remove(member.Address);
                gateways.Gone(member.Address, Now);
                break;
        }
    }

    private void OnTick()
    {
        var elapsed = Elapsed;
        outages.Observe(elapsed - (lastTickAt + interval) ?? TimeSpan.Zero, store.WorstWriteSinceLastAsked());
        lastTickAt = elapsed;
        var heard = sessions.Look(interval);
        if (others.Count == 0)
        {
            return;
        }

        var outageEnded = outages.LastOutageEndedAt();
        var patience = outages.Patience();
        var beat = new NodeBeat
        {
            SinceOutage = outageEnded == DateTimeOffset.MinValue ? null : Now - outageEnded,
            ExtraPatience = patience.Extra,
            PatienceReason = patience.Reason,
            SessionEra = sessions.Era,
            HeardSessions = heard,
        };
        foreach (var (address, other) in others)
        {
            other.Tell(beat with { SinceYours = Now - gateways.HeardAt(address) }, Self);
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout
    {
        public static readonly Tick Instance = new();
    }
}
