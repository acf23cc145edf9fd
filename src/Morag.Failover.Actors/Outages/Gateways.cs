using System.Collections.Concurrent;
using System.Globalization;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Domain.Nodes;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// What this node knows about the other nodes as gateways of workers. <see cref="GatewayWatch"/> writes it; the entities of workers read
/// it before they judge silence. Every call of a worker comes from an actor of its gateway, so the sender's address names the gateway.
/// </summary>
internal sealed class Gateways : IExtension
{
    /// <summary>The most nodes that are gone and still remembered. Those lost first are forgotten first.</summary>
    private const int MaxGone = 200;

    private readonly ConcurrentDictionary<Address, NodeSightings> nodes = new();
    private readonly ConcurrentDictionary<Address, HeardSessions> heard = new();
    private readonly WatchedSessions sessions;
    private readonly Address self;
    private NodeSightings? lastLost;

    private Gateways(Address self, WatchedSessions sessions)
    {
        this.self = self;
        this.sessions = sessions;
        OwnName = NodeName.Of(self);
    }

    /// <summary>This node's host and port, or its system's name if it has no remoting.</summary>
    public string OwnName { get; }

    /// <summary>The gateways as one actor system sees them.</summary>
    public static Gateways Of(ActorSystem system) => system.WithExtension<Gateways, Provider>();

    /// <summary>
    /// The pause of node beats that counts as an outage: the pause that counts for this node itself, and at least one second, because node
    /// beats cross the network.
    /// </summary>
    public static TimeSpan ToleranceOf(WorkerSettings settings) =>
        settings.FreezeTolerance > TimeSpan.FromSeconds(1) ? settings.FreezeTolerance : TimeSpan.FromSeconds(1);

    /// <summary>The node of an actor that sent a call.</summary>
    public Address NodeOf(IActorRef sender) => sender.Path.Address is { HasLocalScope: false } address ? address : self;

    /// <summary>The health of a worker's gateway.</summary>
    /// <param name="gateway">The gateway; null if this owner has received nothing from the worker since it started.</param>
    /// <param name="workerHeardAt">When the last sign of life of the worker arrived, or when the owner started.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="now">The time.</param>
    public GatewayHealth HealthOf(Address? gateway, DateTimeOffset workerHeardAt, WorkerSettings settings, DateTimeOffset now)
    {
        if (gateway is null)
        {
            var lost = Volatile.Read(ref lastLost);
            var isRecent = lost?.LostAt > workerHeardAt - settings.Timeout;
            return new GatewayHealth { IsUnknown = true, Node = isRecent ? lost!.Node : null, LostAt = isRecent ? lost!.LostAt : null };
        }

        if (gateway.Equals(self))
        {
            return new GatewayHealth { Node = OwnName };
        }

        return nodes.TryGetValue(gateway, out var seen)
            ? seen.HealthFor(workerHeardAt, ToleranceOf(settings), now)
            : new GatewayHealth { Node = NodeName.Of(gateway), LostAt = workerHeardAt }; // Not a member of the cluster.
    }

    /// <summary>
    /// A node whose node beats were interrupted since a worker was last heard from, so that calls of the worker through it may not have
    /// arrived; null if there is none.
    /// </summary>
    /// <param name="workerHeardAt">When the last sign of life of the worker arrived, or when the owner started.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="now">The time.</param>
    public string? UnheardSince(DateTimeOffset workerHeardAt, WorkerSettings settings, DateTimeOffset now)
    {
        var tolerance = ToleranceOf(settings);
        foreach (var (_, seen) in nodes)
        {
            if (!seen.WasHeardSince(workerHeardAt, tolerance, now))
            {
                return seen.Node;
            }
        }

        return null;
    }

    /// <summary>When the last node beat of a node arrived, or when it joined; null if it is no member.</summary>
    public DateTimeOffset? HeardAt(Address node) => nodes.TryGetValue(node, out var seen) ? seen.HeardAt : null;

    /// <summary>Whether a node is this one.</summary>
    public bool IsSelf(Address node) => node.Equals(self);

    /// <summary>Whether node beats arrive in both directions between this node and another one.</summary>
    public bool IsInTouchWith(Address node, TimeSpan tolerance, DateTimeOffset now) =>
        nodes.TryGetValue(node, out var seen) && seen.IsInTouch(tolerance, now);

    /// <summary>When the last beat of a worker arrived in a session of its gateway; null if that is unknown.</summary>
    /// <param name="gateway">The gateway.</param>
    /// <param name="era">The run of the gateway's process.</param>
    /// <param name="number">The number of the session.</param>
    public DateTimeOffset? HeardInSession(Address gateway, long era, int number)
    {
        var ticks = gateway.Equals(self) ? sessions.LastBeatOf(era, number)
            : heard.TryGetValue(gateway, out var seen) ? seen.At(era, number)
            : null;
        return ticks is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }

    /// <summary>Records that a node joined.</summary>
    public void Joined(Address node, DateTimeOffset now) =>
        nodes.AddOrUpdate(
            node, _ => NodeSightings.Joined(NodeName.Of(node), null, now), (_, old) => NodeSightings.Joined(old.Node, old, now));

    /// <summary>Records a node beat. Node beats of a node that is not a member are ignored.</summary>
    public void Beat(Address node, NodeBeat beat, TimeSpan tolerance, DateTimeOffset now)
    {
        if (Change(node, seen => seen.Beat(beat, tolerance, now)) is not null && beat.SessionEra != 0)
        {
            heard.AddOrUpdate(
                node,
                _ => HeardSessions.With(null, beat.SessionEra, beat.HeardSessions, now),
                (_, before) => HeardSessions.With(before, beat.SessionEra, beat.HeardSessions, now));
        }
    }

    /// <summary>Records that a node is unreachable or leaving.</summary>
    public void Lost(Address node, DateTimeOffset now) => Volatile.Write(ref lastLost, Change(node, seen => seen.Lost(now)) ?? lastLost);

    /// <summary>Records that a node is down or removed.</summary>
    public void Gone(Address node, DateTimeOffset now)
    {
        Volatile.Write(ref lastLost, Change(node, seen => seen.Gone(now)) ?? lastLost);
        heard.TryRemove(node, out _);
        foreach (var (old, _) in nodes
            .Where(pair => pair.Value is { LostAt: not null, GoneAt: not null })
            .OrderByDescending(pair => pair.Value.GoneAt)
            .Skip(MaxGone))
        {
            nodes.TryRemove(old, out _);
        }
    }

    /// <summary>Records that a node is reachable again.</summary>
    public void Reachable(Address node, DateTimeOffset now) => Change(node, seen => seen.Reachable(now));

    private NodeSightings? Change(Address node, Func<NodeSightings, NodeSightings> change)
    {
        while (nodes.TryGetValue(node, out var seen))
        {
            var changed = change(seen);
            if (nodes.TryUpdate(node, changed, seen))
            {
                return changed;
            }
        }

        return null;
    }

    private sealed class Provider : ExtensionIdProvider<Gateways>
    {
        public override Gateways CreateExtension(ExtendedActorSystem system) =>
            new(system.Provider.DefaultAddress, WatchedSessions.Of(system));
    }
}
