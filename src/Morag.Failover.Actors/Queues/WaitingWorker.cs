using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>A worker that found nothing, and wants to hear when there is something.</summary>
internal sealed class Interest
{
    private const int ScoreSteps = 10;
    private readonly Dictionary<QueueName, int> roomIn = [];

    public Interest(GrantLeases request, WorkerShare share, DateTimeOffset until, long arrival)
    {
        Request = request;
        Until = until;
        Arrival = arrival;
        Wanted = Leasing.RoomOf(share, request);
        Free = request.MaxHeld - share.Held.Count - request.Queues.Sum(queue => queue.HeldElsewhere);

        // A worker of which nothing is known counts as one that has never failed.
        Score = (int)Math.Round((request.SuccessRate ?? 1) * ScoreSteps);
        foreach (var queue in request.Queues)
        {
            roomIn[queue.Queue] = queue.Cap - queue.HeldElsewhere - share.Held.Values.Count(held => held.Queue == queue.Queue);
        }
    }

    public GrantLeases Request { get; }

    public DateTimeOffset Until { get; }

    public long Arrival { get; }

    /// <summary>Its success rate, in steps, so that small differences do not keep workers from taking turns.</summary>
    public int Score { get; }

    /// <summary>The leases that it wants beside those that it was promised.</summary>
    public int Wanted { get; private set; }

    /// <summary>Its slots that are neither used nor promised.</summary>
    public int Free { get; private set; }

    /// <summary>When it was told that there is work, if it has not asked since.</summary>
    public DateTimeOffset? WokenAt { get; set; }

    /// <summary>Until when it is promised nothing: it came for what it was promised, and could not have it.</summary>
    public DateTimeOffset? RestsUntil { get; set; }

    /// <summary>The tasks that it was woken for.</summary>
    public List<TaskId> Promised { get; } = [];

    /// <summary>Its places in the lines.</summary>
    public Dictionary<WaitingKind, WaitingWorker> Places { get; } = [];

    public bool HasRoomIn(QueueName queue) => Wanted > 0 && roomIn.GetValueOrDefault(queue) > 0;

    /// <summary>Its place among those that wait, as it is now.</summary>
    public WaitingWorker PlaceIn(Placement placement)
    {
        var share = Request.MaxHeld > 0 ? (double)Free / Request.MaxHeld : 0;
        return new WaitingWorker(this, placement == Placement.Spread ? -share : share);
    }

    public void Promise(TaskId task, QueueName queue)
    {
        Promised.Add(task);
        Wanted--;
        Free--;
        roomIn[queue]--;
    }
}

/// <summary>What waiting workers have in common that can take the same kinds of task from a queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="HasGpu">Whether they have a GPU.</param>
/// <param name="Line">Which of them: all, those that take any content type, or those that take one.</param>
/// <param name="ContentType">That one.</param>
internal readonly record struct WaitingKind(QueueName Queue, bool HasGpu, WaitingLine Line, string? ContentType = null);

/// <summary>Which workers stand in a line.</summary>
internal enum WaitingLine
{
    /// <summary>All: for tasks without a content type.</summary>
    All,

    /// <summary>Those that name no content types, and so take any.</summary>
    AnyType,

    /// <summary>Those that name the content type.</summary>
    OneType,
}

/// <summary>
/// A waiting worker's place: by the free share of its slots, the most first or, where a queue is packed, the least; then the better score;
/// then who waits longest. It "needs" tasks that want no more than it has, so its numbers are negative.
/// </summary>
internal readonly struct WaitingWorker(Interest interest, double turn) : INeeding<WaitingWorker>
{
    public Interest Interest => interest;

    public double Turn => turn;

    /// <inheritdoc />
    public double Need => -interest.Request.Profile.DiskGb;

    /// <inheritdoc />
    public string? Shuns => interest.Request.WorkerId.Value;

    /// <inheritdoc />
    public static int Compare(in WaitingWorker left, in WaitingWorker right) =>
        left.Turn != right.Turn ? left.Turn.CompareTo(right.Turn)
        : left.Interest.Score != right.Interest.Score ? right.Interest.Score.CompareTo(left.Interest.Score)
        : left.Interest.Arrival.CompareTo(right.Interest.Arrival);
}
