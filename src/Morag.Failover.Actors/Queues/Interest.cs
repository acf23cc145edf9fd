using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>A worker that found no task and waits for one.</summary>
internal sealed class Interest
{
    private const int ScoreSteps = 10;

    /// <summary>The room in each queue of the request, in order.</summary>
    private readonly int[] roomIn;

    public Interest(GrantLeases request, WorkerShare share, DateTimeOffset until, long number, long arrival, ControlledQueues controls)
    {
        Request = request;
        Until = until;
        Number = number;
        Arrival = arrival;
        Wanted = LeaseGrants.RoomOf(share, request);
        Free = request.MaxHeld - share.Held.Count - request.Queues.Sum(queue => queue.HeldElsewhere);

        // A worker without a record ranks like one that has never failed.
        Score = (int)Math.Round((request.SuccessRate ?? 1) * ScoreSteps);
        roomIn = new int[request.Queues.Length];
        for (var i = 0; i < roomIn.Length; i++)
        {
            var queue = request.Queues[i];
            roomIn[i] = controls.CapOf(queue) - queue.HeldElsewhere - (
                share.Held.IsEmpty ? 0 : share.Held.Values.Count(held => held.Queue == queue.Queue));
        }
    }

    public GrantLeases Request { get; }

    public DateTimeOffset Until { get; }

    /// <summary>Identifies the interest to the worker's entity. It stays the same while the worker keeps its place.</summary>
    public long Number { get; }

    public long Arrival { get; }

    /// <summary>How often the worker did not come when woken since it last asked. Workers that come are served first.</summary>
    public int WokenInVain { get; init; }

    /// <summary>The success rate in steps, so that small differences do not stop workers from taking turns.</summary>
    public int Score { get; }

    /// <summary>The leases it wants beyond those promised to it.</summary>
    public int Wanted { get; private set; }

    /// <summary>Slots that are neither in use nor promised.</summary>
    public int Free { get; private set; }

    /// <summary>When it was woken; null if it was not, or has asked since.</summary>
    public DateTimeOffset? WokenAt { get; set; }

    /// <summary>Until when nothing is promised to it: it came for a promised task and could not use it.</summary>
    public DateTimeOffset? RestsUntil { get; set; }

    /// <summary>The tasks that it was woken for; null if there are none.</summary>
    public List<TaskId>? Promised { get; private set; }

    /// <summary>Its entries in the lines, with the rank it has there.</summary>
    public List<(WaitingKind Kind, double Turn)> Places { get; } = [];

    /// <summary>Its entry in the order of expiry; null if it has none.</summary>
    public LinkedListNode<Interest>? Ending { get; set; }

    public bool HasRoomIn(QueueName queue) => Wanted > 0 && IndexOf(queue) is var index and >= 0 && roomIn[index] > 0;

    /// <summary>Its current rank among the waiting workers.</summary>
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
