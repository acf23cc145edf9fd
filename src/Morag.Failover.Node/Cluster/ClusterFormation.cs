using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Brings this node into the cluster. It joins the nodes whose presence in Redis is renewed, and forms a cluster only if there are none. So
/// there is no second cluster on one Redis, however often a node that is not admitted starts. When several nodes start together, Redis lets
/// one form the cluster, and the others join it.
/// </summary>
internal sealed class ClusterFormation : ReceiveActor, IWithTimers
{
    /// <summary>Looks at Redis within one presence timeout.</summary>
    private const int LooksPerTimeout = 8;

    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    /// <summary>How long a node may wait before its log says what for, and how often it says it again.</summary>
    private static readonly TimeSpan ReportAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReportAgainAfter = TimeSpan.FromMinutes(1);

    /// <summary>How long an admitted node waits while all other nodes are unreachable.</summary>
    private static readonly TimeSpan AdmissionTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a node asks its seeds before it forms a cluster: a node that was given the wrong Redis finds no presence there.
    /// </summary>
    private static readonly TimeSpan SeedPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(0.5);

    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly FormationParts parts;
    private readonly string self;
    private readonly PresenceSightings sightings;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly HashSet<string> ended = new(StringComparer.Ordinal);
    private ImmutableSortedSet<string> asked = [];
    private string? logged;
    private TimeSpan loggedAt;
    private TimeSpan? outOfReachSince;
    private bool describing;

    public ClusterFormation(FormationParts parts)
    {
        this.parts = parts;
        self = MemberId.Of(cluster.SelfUniqueAddress);
        sightings = new PresenceSightings(self, parts.PresenceTimeout, parts.TakeOverAfter);
        Looking();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Interval
    {
        get
        {
            var interval = parts.PresenceTimeout / LooksPerTimeout;
            return interval < LongestInterval ? interval : LongestInterval;
        }
    }

    /// <summary>The first seed asks no other node, so that nodes that start together do not wait for each other.</summary>
    private bool AwaitsSeeds =>
        parts.Seeds.Count > 0 && clock.Elapsed < SeedPatience && AddressOfSeed(parts.Seeds[0]) != MemberId.AddressIn(self);

    protected override void PreStart()
    {
        cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
        Look();
    }

    protected override void PostStop() => cluster.Unsubscribe(Self);

    private void Looking()
    {
        Receive<ClusterEvent.IMemberEvent>(OnMember);
        Receive<LookAgain>(_ => Look());
        Receive<PresenceOverview>(OnOverview);
        Receive<NotEnded>(failed => ended.Remove(failed.Node));
        Receive<Refuses>(refusing => sightings.Refuses(refusing.Node));
        Receive<Formed>(OnFormed);
        Receive<Waiting>(OnWaiting);
        Receive<Status.Failure>(OnFailure);
        ReceiveAny(static _ => { });
    }

    /// <summary>The node is a member, but not up yet: others must agree first.</summary>
    private void Admitted()
    {
        Receive<ClusterEvent.IMemberEvent>(OnMember);
        Receive<LookAgain>(_ => CheckReach());
        ReceiveAny(static _ => { });
    }

    private void OnMember(ClusterEvent.IMemberEvent changed)
    {
        if (!changed.Member.UniqueAddress.Equals(cluster.SelfUniqueAddress))
        {
            return;
        }

        if (changed.Member.Status is MemberStatus.Joining)
        {
            Become(Admitted);
            parts.Progress.WaitsFor = "the cluster admitted this node, and its members must still confirm that it is up";
            Timers.StartPeriodicTimer(nameof(LookAgain), LookAgain.Instance, LongestInterval);
            return;
        }

        parts.Progress.WaitsFor = null;
        if (logged is not null)
        {
            parts.Log.Joined();
        }

        Context.Stop(Self);
    }

    private void Look() => parts.Table.ReadAsync().PipeTo(Self);

    private void LookLater() => Timers.StartSingleTimer(nameof(LookAgain), LookAgain.Instance, Interval);

    private void OnOverview(PresenceOverview overview)
    {
        sightings.Observe(overview.Rows, clock.Elapsed);
        if (sightings.Double is { } other)
        {
            parts.Refusal.Stop(
                $"The node stops: another process ({other}) renews its presence in Redis under the address of this one. Give each node its "
                + $"own address ({NodeSetting.Host.Variable}, {NodeSetting.Port.Variable}), at which the others reach it");
            return;
        }

        var sameRole = overview.OwnerRole is null || overview.OwnerRole == parts.OwnerRole;
        if (!sameRole && sightings.Renewing.ToList() is { Count: > 0 } members)
        {
            parts.Refusal.Stop(
                $"{NodeSetting.OwnerRole.Key} = \"{parts.OwnerRole}\" is refused: the cluster ({Text(members)}) has "
                + $"\"{overview.OwnerRole}\". With different values, owners would run twice. Use the same value, or stop all nodes before "
                + "you change it");
            return;
        }

        if (!sightings.Others.Any() && !sightings.AwaitsEarlierLife && !AwaitsSeeds)
        {
            parts.Table.FormAsync(self, parts.OwnerRole, sightings.Dead).PipeTo(Self, success: static formed => new Formed(formed));
            return;
        }

        EndEarlierLives();
        ProbeSilent();
        if (sameRole)
        {
            AskForAdmission();
        }

        if (!describing && sightings.Others.ToList() is { Count: > 0 } others)
        {
            describing = true;
            DescribeAsync(others, sightings.Renewing.Any()).PipeTo(Self, failure: static failed => new Waiting(failed.Message));
        }

        LookLater();
    }

    private void OnFormed(Formed formed)
    {
        if (!formed.Happened)
        {
            Look();
            return;
        }

        parts.Log.FormsCluster();
        cluster.Join(cluster.SelfAddress);
    }

    /// <summary>So that the cluster removes the process that ran at this address, without waiting until it notices by itself.</summary>
    private void EndEarlierLives()
    {
        foreach (var earlier in sightings.EarlierLives.Where(ended.Add).ToList())
        {
            parts.Table.EndAsync(earlier).PipeTo(Self, success: static () => Akka.Done.Instance, failure: _ => new NotEnded(earlier));
        }
    }

    private void ProbeSilent()
    {
        foreach (var node in sightings.Silent)
        {
            RefusesAsync(node).PipeTo(
                Self, success: refuses => refuses ? new Refuses(node) : Akka.Done.Instance, failure: static _ => Akka.Done.Instance);
        }
    }

    /// <summary>
    /// Akka.NET asks them all again until one answers, with names resolved each time. A process that has just appeared is asked at once,
    /// also at an address that was asked before.
    /// </summary>
    private void AskForAdmission()
    {
        var nodes = sightings.ToAsk.Concat(parts.Seeds.Select(AddressOfSeed))
            .Where(node => MemberId.AddressIn(node) != MemberId.AddressIn(self))
            .ToImmutableSortedSet(StringComparer.Ordinal);
        if (nodes.Any(node => MemberId.EndpointIn(node) is not null) && !nodes.SetEquals(asked))
        {
            asked = nodes;
            cluster.JoinSeedNodes(AddressesOf(nodes));
        }
    }

    private static string AddressOfSeed(string seed) => MemberId.AddressOf(Address.Parse(seed));

    private IEnumerable<Address> AddressesOf(IEnumerable<string> nodes) => nodes
        .Select(MemberId.EndpointIn)
        .OfType<(string Host, int Port)>()
        .Distinct()
        .Select(node => cluster.SelfAddress.WithHost(node.Host).WithPort(node.Port));

    private async Task<Waiting> DescribeAsync(List<string> others, bool anyRenews)
    {
        var states = await Task.WhenAll(
            AddressesOf(asked.Concat(others)).Select(address => SeedNames.DescribeAsync(address, parts.Resolve)));
        return new Waiting(
            $"{string.Join("; ", states)}. "
            + (anyRenews
                ? $"It forms no cluster of its own, because {Text(others)} {(others.Count == 1 ? "is" : "are")} present in Redis"
                : "It forms a cluster if their presence in Redis turns out to have ended"));
    }

    private void OnWaiting(Waiting waiting)
    {
        describing = false;
        parts.Progress.WaitsFor = $"this node waits until it can join the cluster: {waiting.For}";
        Report(waiting.For);
    }

    private void OnFailure(Status.Failure failure)
    {
        sightings.Forget();
        describing = false;
        var why = $"the presence of the other nodes cannot be read in Redis ({failure.Cause.Message})";
        parts.Progress.WaitsFor = $"this node waits until it can join the cluster: {why}";
        Report(why);
        LookLater();
    }

    private void Report(string why)
    {
        var now = clock.Elapsed;
        if (now < ReportAfter || (why == logged && now - loggedAt < ReportAgainAfter))
        {
            return;
        }

        (logged, loggedAt) = (why, now);
        parts.Log.WaitsToJoin(why);
    }

    /// <summary>Stops if the nodes that admitted this one are gone before it is up: it could wait forever and block others.</summary>
    private void CheckReach()
    {
        var state = cluster.State;
        var isAlone = state.Members.Where(member => member.Status is not (MemberStatus.Joining or MemberStatus.Down))
            .All(member => state.Unreachable.Contains(member));
        outOfReachSince = isAlone ? outOfReachSince ?? clock.Elapsed : null;
        if (clock.Elapsed - outOfReachSince > AdmissionTimeout)
        {
            parts.Refusal.StartAgain(
                "The node stops: the nodes that admitted it to the cluster were lost before it was up. Start it again; it then joins the "
                + "nodes that are left, or forms the cluster");
        }
    }

    private static async Task<bool> RefusesAsync(string node)
    {
        if (MemberId.EndpointIn(node) is not var (host, port))
        {
            return false;
        }

        using var client = new TcpClient();
        try
        {
            using var limit = new CancellationTokenSource(ProbeTimeout);
            await client.ConnectAsync(host.Trim('[', ']'), port, limit.Token);
            return false;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static string Text(IEnumerable<string> nodes) => string.Join(", ", nodes.Select(MemberId.AddressIn));

    private sealed record Waiting(string For) : INoSerializationVerificationNeeded;

    private sealed record Refuses(string Node) : INoSerializationVerificationNeeded;

    private sealed record NotEnded(string Node) : INoSerializationVerificationNeeded;

    private sealed record Formed(bool Happened) : INoSerializationVerificationNeeded;

    private sealed class LookAgain : INoSerializationVerificationNeeded
    {
        public static readonly LookAgain Instance = new();
    }
}
