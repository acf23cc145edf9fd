using Akka.Actor;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Fleet;

/// <summary>
/// Keeps a <see cref="FleetView"/> for the actor that owns it, by long-polling every bucket of the directory: the owner calls
/// <see cref="Start"/> once it is recovered, and gives <see cref="TryHandle"/> each message first.
/// </summary>
public sealed class FleetViewPoller
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan UnansweredAfter = LongPoll + TimeSpan.FromSeconds(5);

    /// <summary>A fleet in upheaval changes with each message: this bounds what following it costs.</summary>
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromMilliseconds(200);

    private readonly ITimerScheduler timers;
    private readonly IActorRef owner;
    private readonly IActorRef directory;
    private readonly int buckets;
    private readonly QueueIncarnation? asker;
    private readonly Dictionary<int, SliceParts> parts = [];

    /// <summary>A poller for <paramref name="owner"/>, on its timers; <paramref name="asker"/> says which queue partition that is, if it is one.</summary>
    public FleetViewPoller(ITimerScheduler timers, IActorRef owner, IActorRef directory, int buckets, QueueIncarnation? asker = null)
    {
        this.asker = asker;
        this.timers = timers;
        this.owner = owner;
        this.directory = directory;
        this.buckets = buckets;
    }

    /// <summary>The fleet as last heard of.</summary>
    public FleetView View { get; private set; } = FleetView.Empty;

    /// <summary>Whether every bucket has been heard of: before that, an absence means nothing.</summary>
    public bool IsComplete => View.IsComplete(buckets);

    /// <summary>Asks every bucket for the first time.</summary>
    public void Start()
    {
        for (var bucket = 0; bucket < buckets; bucket++)
        {
            Ask(bucket);
        }
    }

    /// <summary>Takes a message if it is one of the poller's: a slice, or the poller's own timer.</summary>
    public bool TryHandle(object message)
    {
        switch (message)
        {
            case FleetSlice slice:
                Take(slice);
                return true;
            case PollDue due:
                Ask(due.Bucket);
                return true;
            default:
                return false;
        }
    }

    private void Take(FleetSlice part)
    {
        if (!parts.TryGetValue(part.Bucket, out var ofBucket))
        {
            parts[part.Bucket] = ofBucket = new SliceParts();
        }

        if (ofBucket.Take(part) is { } slice)
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
