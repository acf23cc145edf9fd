using Morag.Failover.Actors.Persistence;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Keeps the fixed entities running. Every node polls each queue partition, coordinator and directory bucket, and the owner of alerts. The
/// poll starts an entity that does not run; its answer, or its silence, updates <see cref="OwnerHealth"/>.
/// </summary>
internal sealed class FixedEntitiesKeeper : UntypedActor, IWithTimers
{
    /// <summary>The usual time between two polls.</summary>
    public static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan SoonWhileDown = TimeSpan.FromSeconds(0.5);

    private readonly TimeSpan interval;

    /// <summary>An owner that has been silent for this long counts as down, because its node may be gone.</summary>
    private readonly TimeSpan silentFor;

    /// <summary>
    /// A recovering owner that served this recently does not count as down: it has just moved, for example to a node that joined, and
    /// calls wait for it. It was last seen serving up to one interval before it moved.
    /// </summary>
    private readonly TimeSpan movesFor;

    private readonly OwnerHealth health;
    private readonly Func<TimeSpan> elapsed;
    private readonly Dictionary<string, Watched> owners;

    /// <param name="regions">The regions of the owners.</param>
    /// <param name="partitions">The number of owners of each kind.</param>
    /// <param name="health">Receives which owners do not serve.</param>
    /// <param name="elapsed">Reads monotonic time.</param>
    /// <param name="interval">The time between two polls while all owners serve.</param>
    public FixedEntitiesKeeper(
        IFailoverRegions regions, PartitionSettings partitions, OwnerHealth health, Func<TimeSpan> elapsed, TimeSpan interval)
    {
        this.interval = interval;
        silentFor = (interval * 2) + TimeSpan.FromSeconds(1);
        movesFor = interval + TimeSpan.FromSeconds(2);
        this.health = health;
        this.elapsed = elapsed;
        owners = Numbered(regions.Directory, partitions.DirectoryBuckets, PersistenceIds.DirectoryBucket)
            .Concat(Numbered(regions.Coordinators, partitions.Coordinators, PersistenceIds.Coordinator))
            .Concat(Numbered(regions.Queues, partitions.Queues, PersistenceIds.Queue))
            .Concat(Numbered(regions.Alerts, regions.Alerts.IsNobody() ? 0 : 1, _ => PersistenceIds.Alerts))
            .ToDictionary(watched => watched.Owner, StringComparer.Ordinal);
        foreach (var owner in owners.Keys)
        {
            health.IsDown(owner, "it has not started yet", Now, isStarting: true);
        }
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override void PreStart() => Self.Tell(Tick.Instance);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick:
                AskAll();
                break;
            case OwnerStanding standing when owners.TryGetValue(standing.Owner, out var watched):
                OnAnswer(standing, watched);
                break;
            case Refused:
                // The region answers like this for an owner that it cannot place. The owner's silence is noticed anyway.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void AskAll()
    {
        var now = elapsed();
        Timers.StartSingleTimer(nameof(Tick), Tick.Instance, health.Down.Count > 0 ? SoonWhileDown : interval);
        foreach (var (owner, watched) in owners)
        {
            if (watched.AnsweredAt is { } answered && now - answered > silentFor)
            {
                health.IsDown(owner, $"it has not answered for {(now - answered).TotalSeconds:0} s", Now);
            }

            watched.Region.Tell(new GetOwnerStanding { Number = watched.Number }, Self);
        }
    }

    private void OnAnswer(OwnerStanding standing, Watched watched)
    {
        watched.AnsweredAt = elapsed();
        if (standing.Down is not { } why)
        {
            watched.ServedAt = watched.AnsweredAt;
            health.Serves(standing.Owner);
        }
        else if (standing.RetryIn is not null || watched.ServedAt is not { } served || watched.AnsweredAt - served > movesFor)
        {
            // An owner that has not served yet and has not failed either recovers as usual after a start of the cluster.
            health.IsDown(standing.Owner, why, Now, isStarting: standing.RetryIn is null && watched.ServedAt is null);
        }
    }

    private static IEnumerable<Watched> Numbered(IActorRef region, int count, Func<int, string> owner) =>
        Enumerable.Range(0, count).Select(number => new Watched(region, number, owner(number)));

    private sealed class Watched(IActorRef region, int number, string owner)
    {
        public IActorRef Region { get; } = region;

        public int Number { get; } = number;

        public string Owner { get; } = owner;

        public TimeSpan? AnsweredAt { get; set; }

        public TimeSpan? ServedAt { get; set; }
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
