using Akka.Actor;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Maintains a <see cref="FleetView"/> for the actor that owns it, by long-polling every directory bucket. The owner calls
/// <see cref="Start"/> after its recovery and passes each message to <see cref="TryHandle"/> first.
/// </summary>
public sealed class FleetViewPoller
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan UnansweredAfter = LongPoll + TimeSpan.FromSeconds(5);

    /// <summary>The pause between polls, which bounds the cost of following a fleet that changes all the time.</summary>
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromMilliseconds(200);

    private readonly ITimerScheduler timers;
    private readonly IActorRef owner;
    private readonly IActorRef directory;
    private readonly int buckets;
    private readonly QueueIncarnation? asker;
    private readonly Dictionary<int, SliceParts> parts = [];

    /// <summary>
    /// Creates a poller on the timers of <paramref name="owner"/>. <paramref name="asker"/> identifies the queue partition, if the owner is
    /// one.
    /// </summary>
    public FleetViewPoller(ITimerScheduler timers, IActorRef owner, IActorRef directory, int buckets, QueueIncarnation? asker = null)
    {
        this.asker = asker;
        this.timers = timers;
        this.owner = owner;
        this.directory = directory;
        this.buckets = buckets;
    }

    /// <summary>The fleet as last received.</summary>
    public FleetView View { get; private set; } = FleetView.Empty;

    /// <summary>Whether every bucket has answered. Before that, a missing worker means nothing.</summary>
    public bool IsComplete => View.IsComplete(buckets);

    /// <summary>Starts polling every bucket.</summary>
    public void Start()
    {
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            Ask(bucket);
        }
    }

    /// <summary>Handles a slice or a timer message of the poller. Returns false for other messages.</summary>
    public bool TryHandle(object message)
    {
        switch (message)
        {
            case FleetSlice slice:
                OnSlice(slice);
                return true;
            case PollDue due:
                Ask(due.Bucket);
                return true;
            default:
                return false;
        }
    }

    private void OnSlice(FleetSlice part)
    {
        if (!parts.TryGetValue(part.Bucket, out var ofBucket))
        {
            parts[part.Bucket] = ofBucket = new SliceParts();
        }

        if (ofBucket.Add(part) is { } slice)
        {
            View = View.With(slice);
            timers.StartSingleTimer(TimerOf(slice.Bucket), new PollDue(slice.Bucket), BetweenPolls);
        }
    }

    private void Ask(int bucket)
    {
        var known = View.Slices.TryGetValue(bucket, out var slice) ? slice.Version : -1;
        directory.Tell(new GetFleetSlice { Bucket = bucket, KnownVersion = known, Wait = LongPoll, Asker = asker }, owner);
        timers.StartSingleTimer(TimerOf(bucket), new PollDue(bucket), UnansweredAfter);
    }

    private static (string, int) TimerOf(int bucket) => (nameof(FleetViewPoller), bucket);

    private sealed record PollDue(int Bucket) : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout;
}
