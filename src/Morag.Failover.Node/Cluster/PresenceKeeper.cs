using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using Microsoft.Extensions.Logging;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Renews this node's presence in Redis, watches the presence of the other members, and takes over from a member that is dead
/// (<see cref="TakeOverRule"/>): it ends the member's presence, downs it and quarantines it. If this node itself was taken over, it leaves
/// the cluster and ends. A node has a presence only while it is a member: a starting node joins those that have one, and forms a cluster if
/// nobody has (<see cref="ClusterFormation"/>).
/// </summary>
internal sealed class PresenceKeeper : UntypedActor, IWithTimers
{
    /// <summary>Renewals within one timeout, so that a lost one costs nothing.</summary>
    private const int RenewalsPerTimeout = 4;

    /// <summary>The timeouts for which a node must be present without being a member before it is a second cluster.</summary>
    private const int TimeoutsBeforeSecond = 5;

    /// <summary>How many nodes are remembered that the cluster downed.</summary>
    private const int MaxDowned = 1_000;

    /// <summary>How long after a member is gone its owners may still be on their way to another node.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private readonly PresenceTable table;
    private readonly NodePresence presence;
    private readonly ClusterDoubt doubt;
    private readonly TimeSpan lapsedFor;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Refusal refusal;
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly string self;
    private readonly SecondCluster second;
    private readonly Dictionary<UniqueAddress, WatchedMember> members = [];
    private readonly HashSet<Address> broken = [];
    private readonly HashSet<string> downed = new(StringComparer.Ordinal);
    private bool renewing;
    private bool retired;
    private bool hasPresence;
    private bool toldLapse;
    private long? lastLostAt;

    /// <param name="table">The presence of all nodes.</param>
    /// <param name="presence">Receives the presence of this node.</param>
    /// <param name="doubt">Receives whether a member may be dead.</param>
    /// <param name="lapsedFor">How long a reachable member may be without presence.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The node's log.</param>
    /// <param name="refusal">Stops the node if another cluster on the same Redis stays.</param>
    public PresenceKeeper(
        PresenceTable table,
        NodePresence presence,
        ClusterDoubt doubt,
        TimeSpan lapsedFor,
        TimeProvider time,
        ILogger log,
        Refusal refusal)
    {
        this.refusal = refusal;
        this.table = table;
        this.presence = presence;
        this.doubt = doubt;
        this.lapsedFor = lapsedFor;
        this.time = time;
        this.log = log;
        self = MemberId.Of(cluster.SelfUniqueAddress);
        second = new SecondCluster(self, presence.Timeout * TimeoutsBeforeSecond);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent));
        _ = Context.System.EventStream.Subscribe(Self, typeof(AssociationEvent));
    }

    protected override void PostStop()
    {
        cluster.Unsubscribe(Self);
        Context.System.EventStream.Unsubscribe(Self);
        table.Dispose();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Renew:
                RenewPresence();
                break;
            case Renewed renewed:
                OnRenewed(renewed);
                break;
            case NotRenewed failed:
                OnNotRenewed(failed);
                break;
            case TookOver took when took.Happened:
                Down(took.Member, took.Reason);
                break;
            case Retire:
                EndPresence();
                break;
            case TookOver:
            case Ended:
                // It renewed its presence after all, or Redis did not answer; the next renewal shows which.
                break;
            case ClusterEvent.IMemberEvent changed:
                OnChanged(changed);
                break;
            case ClusterEvent.ReachabilityEvent changed when members.TryGetValue(changed.Member.UniqueAddress, out var member):
                member.IsUnreachable = changed is ClusterEvent.UnreachableMember;
                break;
            case AssociatedEvent made:
                broken.Remove(made.RemoteAddress);
                break;
            case AssociationEvent ended:
                broken.Add(ended.RemoteAddress);
                break;
            default:
                Unhandled(message);
                break;
        }

        doubt.Members = IsInDoubt();
    }

    /// <summary>Starts when this node is a member, which is the first change that the cluster announces about it.</summary>
    private void StartRenewing()
    {
        if (!retired && presence.State != ServingPermit.Revoked && !Timers.IsTimerActive(nameof(Renew)))
        {
            hasPresence = true;
            Timers.StartPeriodicTimer(nameof(Renew), Renew.Instance, TimeSpan.Zero, presence.Timeout / RenewalsPerTimeout);
        }
    }

    /// <summary>Ends the presence of this node, which has left the cluster, so that the others need not check whether it is dead.</summary>
    private void EndPresence()
    {
        retired = true;
        Timers.Cancel(nameof(Renew));
        var ended = hasPresence ? table.EndAsync(self) : Task.CompletedTask;
        ended.PipeTo(Sender, success: static () => Akka.Done.Instance, failure: static _ => Akka.Done.Instance);
    }

    private void RenewPresence()
    {
        if (renewing)
        {
            return;
        }

        renewing = true;
        var asked = PresenceInstant.Now(time);
        table.RenewAsync(self).PipeTo(
            Self, success: reading => new Renewed(asked, reading), failure: static cause => new NotRenewed(cause));
    }

    private void OnRenewed(Renewed renewed)
    {
        renewing = false;
        if (retired || presence.State == ServingPermit.Revoked)
        {
            return;
        }

        if (renewed.Reading.Nodes is not { } nodes)
        {
            OnTakenOver();
            return;
        }

        // After a gap of its own, this node cannot say how long the others have been without presence.
        var hadGap = !presence.IsCurrent;
        presence.Renewed(renewed.Asked);
        toldLapse = false;
        foreach (var member in members.Values)
        {
            member.Observe(nodes.TryGetValue(member.Id, out var entry) ? entry : null, hadGap, time);
            if (member.Status == MemberStatus.Down)
            {
                Quarantine(member);
                continue;
            }

            if (member.Entry is { IsTakenOver: true })
            {
                Down(member, "another node has taken over from it");
            }
            else if (TakeOverRule.Reason(
                new TakeOverSelf(cluster.SelfMember.Status == MemberStatus.Up, presence.IsCurrent), SignsOf(member), lapsedFor) is { } why)
            {
                TakeOver(member, why);
            }
        }

        LookForSecondCluster(nodes);
    }

    private void LookForSecondCluster(IReadOnlyDictionary<string, PresenceEntry> nodes)
    {
        var present = nodes.Where(node => node.Value is { IsTakenOver: false } entry && entry.Remaining > TimeSpan.Zero)
            .Select(node => node.Key)
            .ToList();
        var known = members.Values.Select(member => member.Id).ToHashSet(StringComparer.Ordinal);
        var inDoubt = members.Values.Any(member => member.IsUnreachable || member.Status == MemberStatus.Down);
        var verdict = second.Observe(present, known, inDoubt, time.GetElapsedTime(0));

        // Downed nodes learn it from Redis even if they are cut off. A node that was itself downed or taken over does not get here: the
        // nodes that its side downed may be those that the other side keeps. A node that has left ends its presence itself.
        var running = nodes.Where(node => !node.Value.IsTakenOver).Select(node => node.Key);
        foreach (var node in running.Where(downed.Contains).Union(verdict.Ends))
        {
            End(node);
        }

        if (verdict.Stays.Count > 0)
        {
            presence.Revoke();
            refusal.StartAgain(
                $"The node stops: another cluster ({string.Join(", ", verdict.Stays.Select(MemberId.AddressIn))}) uses the same Redis, "
                + "which must have lost the presence of the nodes while a node started. Only one cluster can stay. Start this node again; "
                + "it then joins the other one");
        }
    }

    private void End(string node) =>
        table.EndAsync(node).PipeTo(Self, success: static () => Ended.Instance, failure: static _ => Ended.Instance);

    private void OnNotRenewed(NotRenewed failed)
    {
        renewing = false;
        presence.NotRenewed(failed.Cause.Message);
        if (!presence.IsCurrent && !toldLapse)
        {
            toldLapse = true;
            log.PresenceNotRenewed(failed.Cause.Message);
        }
    }

    private MemberSigns SignsOf(WatchedMember member) => new(
        member.LapsedAt is { } since ? time.GetElapsedTime(since) : null, broken.Contains(member.Address.Address), member.IsUnreachable);

    private void TakeOver(WatchedMember member, string why) => table.TakeOverAsync(self, member.Id).PipeTo(
        Self, success: happened => new TookOver(member, why, happened), failure: _ => new TookOver(member, why, Happened: false));

    private void Down(WatchedMember member, string why)
    {
        if (member.Status == MemberStatus.Down || !members.ContainsKey(member.Address))
        {
            return;
        }

        log.TakesOver(member.Address.Address, why);
        member.Status = MemberStatus.Down;
        cluster.Down(member.Address.Address);
        Quarantine(member);
    }

    /// <summary>
    /// Makes a downed member unreachable at once: the leader removes it only then, and the failure detector may take seconds. It is asked
    /// again at each renewal until the member is removed, because remoting drops a quarantine that meets an attempt to reconnect.
    /// </summary>
    private static void Quarantine(WatchedMember member)
    {
        if (((ExtendedActorSystem)Context.System).Provider is IRemoteActorRefProvider remote)
        {
            remote.Quarantine(member.Address.Address, member.Address.Uid);
        }
    }

    private void OnTakenOver()
    {
        Timers.Cancel(nameof(Renew));
        presence.Revoke();
        log.WasTakenOver(presence.Timeout.TotalSeconds);
        cluster.Down(cluster.SelfAddress);
    }

    /// <summary>
    /// This node's own split brain resolver decided that its side stops, or an operator downed it. The system stops by itself; until
    /// then, what this node has in memory may be out of date.
    /// </summary>
    private void OnDowned()
    {
        if (presence.State == ServingPermit.Revoked)
        {
            return;
        }

        Timers.Cancel(nameof(Renew));
        presence.Revoke();
        log.WasDowned();
    }

    private void OnChanged(ClusterEvent.IMemberEvent changed)
    {
        var address = changed.Member.UniqueAddress;
        if (address.Equals(cluster.SelfUniqueAddress))
        {
            if (changed is ClusterEvent.MemberDowned)
            {
                OnDowned();
            }
            else
            {
                StartRenewing();
            }

            return;
        }

        if (changed is ClusterEvent.MemberRemoved)
        {
            members.Remove(address);
            broken.Remove(address.Address);
            lastLostAt = time.GetTimestamp();
        }
        else
        {
            if (!members.TryGetValue(address, out var member))
            {
                members[address] = member = new WatchedMember(address, MemberId.Of(address));
            }

            member.Status = changed.Member.Status;
            if (changed is ClusterEvent.MemberDowned)
            {
                if (downed.Count >= MaxDowned)
                {
                    downed.Clear();
                }

                _ = downed.Add(member.Id);
            }
        }

        presence.HasPeers = members.Count > 0;
    }

    private bool IsInDoubt() =>
        (lastLostAt is { } at && time.GetElapsedTime(at) < Settling)
        || members.Values.Any(member => member.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down
            || member.IsUnreachable
            || broken.Contains(member.Address.Address)
            || member.Entry is { } entry && entry.Remaining < presence.Timeout / 2);

    private sealed record Renewed(PresenceInstant Asked, PresenceReading Reading) : INoSerializationVerificationNeeded;

    private sealed record NotRenewed(Exception Cause) : INoSerializationVerificationNeeded;

    private sealed record TookOver(WatchedMember Member, string Reason, bool Happened) : INoSerializationVerificationNeeded;

    /// <summary>Ends the presence of this node; answered when Redis has confirmed it, or does not answer.</summary>
    internal sealed class Retire : INoSerializationVerificationNeeded
    {
        public static readonly Retire Instance = new();
    }

    private sealed class Ended : INoSerializationVerificationNeeded
    {
        public static readonly Ended Instance = new();
    }

    private sealed class Renew : INoSerializationVerificationNeeded
    {
        public static readonly Renew Instance = new();
    }
}
