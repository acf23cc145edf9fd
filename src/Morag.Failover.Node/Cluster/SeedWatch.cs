using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Logs what a node that has not joined is waiting for. Akka.NET does the joining, and asks every seed again every few seconds, with names
/// resolved each time. Its own log does not say which name is wrong.
/// </summary>
internal sealed class SeedWatch : ReceiveActor, IWithTimers
{
    // The first seed starts a cluster after Akka.NET's seed-node-timeout of 5 s, and waits for nobody until then.
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Looks until the same text is logged again.</summary>
    private const int LooksPerReminder = 12;

    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly List<Address> others;
    private readonly Address first;
    private readonly ILogger log;
    private string? logged;
    private int looks;

    /// <param name="seeds">The seeds.</param>
    /// <param name="resolve">Resolves a name.</param>
    /// <param name="log">The node's log.</param>
    public SeedWatch(IEnumerable<string> seeds, Func<string, Task<IPAddress[]>> resolve, ILogger log)
    {
        this.log = log;
        var all = seeds.Select(Address.Parse).ToList();
        first = all[0];
        others = [.. all.Where(seed => seed != cluster.SelfAddress).Distinct()];
        Receive<ClusterEvent.MemberUp>(joined => joined.Member.UniqueAddress.Equals(cluster.SelfUniqueAddress), _ => OnJoined());
        Receive<Look>(_ => LookUpAsync(resolve).PipeTo(Self));
        Receive<string>(OnSeeds);
        Receive<Status.Failure>(OnFailedLook);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberUp));
        Timers.StartSingleTimer(nameof(Look), Look.Instance, FirstLook);
    }

    protected override void PostStop() => cluster.Unsubscribe(Self);

    private static async Task<string> DescribeAsync(Address seed, Func<string, Task<IPAddress[]>> resolve)
    {
        if (IPAddress.TryParse(seed.Host, out _))
        {
            return $"{seed.Host}:{seed.Port} has not admitted it yet";
        }

        try
        {
            return await resolve(seed.Host).WaitAsync(Interval) switch
            {
                [] => $"{seed.Host}:{seed.Port} has no address yet",
                [var address] => $"{seed.Host}:{seed.Port} (at {address}) has not admitted it yet",
                var addresses => $"{seed.Host}:{seed.Port} has {addresses.Length} addresses ({string.Join<IPAddress>(", ", addresses)}), "
                    + "but a seed must be the name of one node, the one that this node has as its morag.host",
            };
        }
        catch (Exception unknown) when (unknown is SocketException or TimeoutException)
        {
            return $"the name of {seed.Host}:{seed.Port} does not resolve yet ({unknown.Message})";
        }
    }

    private async Task<string> LookUpAsync(Func<string, Task<IPAddress[]>> resolve) =>
        string.Join("; ", await Task.WhenAll(others.Select(seed => DescribeAsync(seed, resolve))));

    private void OnSeeds(string seeds)
    {
        Timers.StartSingleTimer(nameof(Look), Look.Instance, Interval);
        if (seeds == logged && ++looks < LooksPerReminder)
        {
            return;
        }

        (logged, looks) = (seeds, 0);
        log.LogWarning(
            "This node waits until it can join the cluster (morag.seeds): {Seeds}. It keeps trying. Only the first seed, {First}, starts a "
            + "cluster if there is none",
            seeds,
            $"{first.Host}:{first.Port}");
    }

    private void OnFailedLook(Status.Failure failure)
    {
        log.LogWarning(failure.Cause, "The seeds of this node could not be looked up");
        Timers.StartSingleTimer(nameof(Look), Look.Instance, Interval);
    }

    private void OnJoined()
    {
        if (logged is not null)
        {
            log.LogInformation("This node has joined the cluster");
        }

        Context.Stop(Self);
    }

    private sealed class Look
    {
        public static readonly Look Instance = new();
    }
}
