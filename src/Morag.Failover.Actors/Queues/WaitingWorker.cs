using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>A worker that found nothing, and wants to hear when there is something.</summary>
internal sealed class Interest
{
    private const int ScoreSteps = 10;

    /// <summary>The room in each queue of the request, in its order.</summary>
    private readonly int[] roomIn;

    public Interest(GrantLeases request, WorkerShare share, DateTimeOffset until, long number, long arrival)
    {
        Request = request;
        Until = until;
        Number = number;
        Arrival = arrival;
        Wanted = LeaseGrants.RoomOf(share, request);
        Free = request.MaxHeld - share.Held.Count - request.Queues.Sum(queue => queue.HeldElsewhere);

        // A worker of which nothing is known counts as one that has never failed.
        Score = (int)Math.Round((request.SuccessRate ?? 1) * ScoreSteps);
        roomIn = new int[request.Queues.Length];
        for (var i = 0; i < roomIn.Length; i++)
        {
            var queue = request.Queues[i];
            roomIn[i] = queue.Cap - queue.HeldElsewhere - (share.Held.IsEmpty ? 0 : share.Held.Values.Count(held => held.Queue == queue.Queue));
        }
    }

    public GrantLeases Request { get; }

    public DateTimeOffset Until { get; }

    /// <summary>What the worker's entity knows this interest by; it stays while the worker keeps its place.</summary>
    public long Number { get; }

    public long Arrival { get; }

    /// <summary>How often it was woken in vain since its worker last asked: whoever comes when called goes first.</summary>
    public int WokenInVain { get; init; }

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

    /// <summary>The tasks that it was woken for; null for none.</summary>
    public List<TaskId>? Promised { get; private set; }

    /// <summary>Its places in the lines, each with its turn there.</summary>
    public List<(WaitingKind Kind, double Turn)> Places { get; } = [];

    /// <summary>Its place among those that go away by the time that they said; null while it is not among them.</summary>
    public LinkedListNode<Interest>? Ending { get; set; }

    public bool HasRoomIn(QueueName queue) => Wanted > 0 && IndexOf(queue) is var index and >= 0 && roomIn[index] > 0;

    /// <summary>Its place among those that wait, as it is now.</summary>
    public WaitingWorker PlaceIn(Placement placement)
    {
        var share = Request.MaxHeld > 0 ? (double)Free / Request.MaxHeld : 0;
        return new WaitingWorker(this, placement == Placement.Spread ? -share : share);
    }

    public void Promise(TaskId task, QueueName queue)
    {
        (Promised ??= []).Add(task);
        Wanted--;
        Free--;
        roomIn[IndexOf(queue)]--;
    }

    private int IndexOf(QueueName queue)
    {
        for (var i = 0; i < roomIn.Length; i++)
        {
            if (Request.Queues[i].Queue == queue)
            {
                return i;
            }
        }

        return -1;
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
/// A waiting worker's place: those that were woken in vain come last; then by the free share of its slots, the most first or, where a queue is packed, the least; then the better score;
/// then who waits longest. It "needs" tasks that want no more than it has, so its numbers are negative.
/// </summary>
internal readonly struct WaitingWorker(Interest interest, double turn) : INeedItem<WaitingWorker>
{
    public Interest Interest => interest;

    public double Turn => turn;

    /// <inheritdoc />
    public double Need => -interest.Request.Profile.DiskGb;

    /// <inheritdoc />
    public string? Shuns => interest.Request.WorkerId.Value;

    /// <inheritdoc />
    public static int Compare(in WaitingWorker left, in WaitingWorker right) =>
        left.Interest.WokenInVain != right.Interest.WokenInVain ? left.Interest.WokenInVain.CompareTo(right.Interest.WokenInVain)
        : left.Turn != right.Turn ? left.Turn.CompareTo(right.Turn)
        : left.Interest.Score != right.Interest.Score ? right.Interest.Score.CompareTo(left.Interest.Score)
        : left.Interest.Arrival.CompareTo(right.Interest.Arrival);
}
